//! A browser that a test drives: headless Chromium behind ChromeDriver, by the calls of the W3C's WebDriver protocol. Each
//! has a profile of its own, and whatever was started is killed with it, also when its test panics. Never sleeps for luck:
//! what is waited for is asked for until it is there.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::PATIENCE;

/// How long until something is asked for again.
const PAUSE: Duration = Duration::from_millis(15);

/// The name by which the protocol hands an element over.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What the browser is started with: nothing of it leaves the machine by itself.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
];

/// What somebody looks at a page with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub name: &'static str,
    pub width: u32,
    pub height: u32,
    pub dark: bool,
    /// Whether it is touched.
    pub touched: bool,
}

impl Screen {
    pub const DESKTOP: Self = Self { name: "desktop", width: 1440, height: 900, dark: false, touched: false };
    pub const TABLET: Self = Self { name: "tablet", width: 820, height: 1180, dark: false, touched: true };

    /// The same in the dark.
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    address: String,
    /// The path of its session.
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// One with a desktop's screen.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        // What the browser writes beside its profile lies in it too.
        command.arg("--port=0").env("HOME", profile.path()).env("XDG_CONFIG_HOME", profile.path());
        command.env("XDG_CACHE_HOME", profile.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.process_group(0).spawn().expect("chromedriver, of the package `chromium-driver`");
        let stdout = BufReader::new(driver.stdout.take().unwrap());
        let mut browser = Self { driver, address: String::new(), session: String::new(), _profile: profile };
        let ready = "ChromeDriver was started successfully on port ";
        let port = stdout.lines().map_while(Result::ok).find_map(|line| Some(line.strip_prefix(ready)?.to_owned()));
        browser.address = format!("127.0.0.1:{}", port.expect("chromedriver says its port").trim_end_matches('.'));
        browser.begin();
        browser
    }

    fn begin(&mut self) {
        let own = format!("--user-data-dir={}", self._profile.path().join("profile").display());
        let flags: Vec<&str> = FLAGS.iter().copied().chain([own.as_str()]).collect();
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
            // What a busy machine takes long for is waited for, by whoever asked.
            "timeouts": { "script": 600_000, "pageLoad": 300_000 },
        });
        let session = self.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        let session = session.unwrap_or_else(|error| panic!("no browser, of the package `chromium`: {error}"));
        self.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        self.look_through(Screen::DESKTOP);
    }

    /// Shows pages on such a screen from now on.
    pub fn look_through(&self, screen: Screen) {
        let Screen { width, height, touched, dark, .. } = screen;
        let scheme = if dark { "dark" } else { "light" };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": touched });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": touched }));
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", scheme);
    }

    /// Opens an address and waits until the page is loaded.
    pub fn open(&self, address: &str) {
        self.call("/url", json!({ "url": address }));
    }

    /// Loads the page anew.
    pub fn reload(&self) {
        self.call("/refresh", json!({}));
    }

    /// Where it is.
    pub fn address(&self) -> String {
        self.eval("location.href").as_str().unwrap().to_owned()
    }

    /// What an expression of the page's language gives now; a promise is waited for.
    pub fn eval(&self, expression: &str) -> Value {
        self.call("/execute/sync", json!({ "script": format!("return ({expression})"), "args": [] }))
    }

    /// Waits until an expression gives something that counts as true, and hands it over. What throws is not there yet.
    pub fn wait_for(&self, expression: &str) -> Value {
        let script = format!("try {{ return ({expression}) }} catch {{ return null }}");
        let start = Instant::now();
        loop {
            let found = self.call("/execute/sync", json!({ "script": script, "args": [] }));
            if !matches!(&found, Value::Null | Value::Bool(false)) && found != json!(0) && found != json!("") {
                return found;
            }
            if start.elapsed() > PATIENCE {
                let told = self.eval("document.getElementById('told')?.innerText ?? ''");
                let (page, at) = (self.eval("document.body.innerText"), self.address());
                panic!("never true: {expression}\nat {at}, told {told}\n{:#?}\n{page}", self.complaints());
            }
            thread::sleep(PAUSE);
        }
    }

    /// Waits until a selector finds something on the screen.
    pub fn sees(&self, selector: &str) {
        self.wait_for(&format!("{}.checkVisibility()", one(selector)));
    }

    /// Waits until a selector finds nothing on the screen.
    pub fn misses(&self, selector: &str) {
        self.wait_for(&format!("!{}?.checkVisibility()", one(selector)));
    }

    /// Waits until what a selector finds says this.
    pub fn wait_for_text(&self, selector: &str, words: &str) {
        self.wait_for(&format!("{}.innerText.includes({})", one(selector), Value::from(words)));
    }

    /// How much a selector finds now.
    pub fn count(&self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({}).length", Value::from(selector))).as_u64().unwrap()
    }

    /// Clicks on what a selector finds, as soon as it is there, where a person would.
    pub fn click(&self, selector: &str) {
        self.touch(selector, "click", &json!({}));
    }

    /// Puts this text into a field in place of what stands there.
    pub fn fill(&self, selector: &str, text: &str) {
        self.touch(selector, "clear", &json!({}));
        self.touch(selector, "value", &json!({ "text": text }));
    }

    /// Chooses an option of a select by its first letters, as keys do.
    pub fn choose(&self, selector: &str, letters: &str) {
        self.sees(selector);
        self.eval(&format!("{}.focus()", one(selector)));
        self.press(letters);
    }

    /// Does something with an element; one that is not there or not ready, or that has just been drawn anew, is tried again.
    fn touch(&self, selector: &str, what: &str, body: &Value) {
        let start = Instant::now();
        loop {
            let done =
                self.try_call("/element", &json!({ "using": "css selector", "value": selector })).and_then(|found| {
                    self.try_call(&format!("/element/{}/{what}", found[ELEMENT].as_str().unwrap()), body)
                });
            match done {
                Ok(_) => return,
                Err(error) => assert!(start.elapsed() < PATIENCE, "cannot {what} {selector}: {error}"),
            }
            thread::sleep(PAUSE);
        }
    }

    /// Presses and lets go one key after the other. Keys with names stand in angles, as in `a<Enter><Escape>`.
    pub fn press(&self, keys: &str) {
        let strokes = strokes(keys)
            .into_iter()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.call("/actions", json!({ "actions": [keyboard] }));
    }

    /// What the page looks like, as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.ask("GET", &format!("{}/screenshot", self.session), &Value::Null).unwrap();
        BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// What the console holds since it was last asked: errors of scripts, what a policy has blocked, what did not load.
    pub fn complaints(&self) -> Vec<String> {
        let lines = self.call("/se/log", json!({ "type": "browser" }));
        let grave = lines.as_array().unwrap().iter().filter(|line| line["level"] != "INFO" && line["level"] != "DEBUG");
        grave.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Demands that the console holds none.
    pub fn is_content(&self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// A command of the DevTools protocol, which knows what WebDriver does not.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.call("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    fn call(&self, path: &str, body: Value) -> Value {
        self.try_call(path, &body).unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    fn try_call(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    /// One request over a connection of its own; the value of the answer, or the words of the refusal.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut connection = TcpStream::connect(&self.address).map_err(|error| error.to_string())?;
        connection.set_read_timeout(Some(2 * PATIENCE)).unwrap();
        let head = format!("host: {}\r\nconnection: close\r\ncontent-length: {}", self.address, body.len());
        write!(connection, "{method} {path} HTTP/1.1\r\n{head}\r\n\r\n{body}").map_err(|error| error.to_string())?;
        let (head, body) = read_reply(&mut BufReader::new(connection)).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        match head.contains(" 200 ") {
            true => Ok(answer["value"].take()),
            false => Err(answer["value"]["message"].as_str().unwrap_or(&body).to_owned()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is in the driver's group.
        let _ = kill_process_group(Pid::from_child(&self.driver), Signal::KILL);
        let _ = self.driver.wait();
    }
}

/// Head and body of an answer. ChromeDriver leaves its connections open, whatever it says.
fn read_reply(reader: &mut impl BufRead) -> io::Result<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

/// The expression for the only thing that a selector finds, or the first.
pub fn one(selector: &str) -> String {
    format!("document.querySelector({})", Value::from(selector))
}

/// The keys of a text as the protocol names them.
fn strokes(keys: &str) -> Vec<String> {
    let mut strokes = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (key, length) = match rest.strip_prefix('<').and_then(|named| named.split_once('>')) {
            Some((name, _)) => (named(name), name.len() + 2),
            None => (first, first.len_utf8()),
        };
        strokes.push(key.to_string());
        rest = &rest[length..];
    }
    strokes
}

fn named(key: &str) -> char {
    match key {
        "Enter" => '\u{E007}',
        "Escape" => '\u{E00C}',
        "Tab" => '\u{E004}',
        "Left" => '\u{E012}',
        "Up" => '\u{E013}',
        "Right" => '\u{E014}',
        "Down" => '\u{E015}',
        "Home" => '\u{E011}',
        "End" => '\u{E010}',
        other => panic!("no key is called {other}"),
    }
}
