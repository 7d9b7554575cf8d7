//! One line of a page, done by a shell as its reader would do it: in the page's folder, with the program on the path.
//! Never lets anything leave the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::process::{Ended, Running};
use crate::support::simulated::Simulated;
use crate::support::workspace::{KEY, Workspace};

/// What stands in for programs that the pages pipe to and from, as functions of the shell.
const STAND_INS: &str = r#"
sqlite3() { printf 'id,prompt\ncup-1,A red cup\ncup-2,A green cup\n'; }
jq() { cat > read-by-jq; }
"#;

/// A folder in which the examples of a page are tried, one after the other.
pub struct Place {
    /// The folder.
    pub folder: Workspace,
    simulator: Simulated,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        let folder = Workspace::new();
        fs::create_dir_all(folder.path("home/.cargo/bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_overnight"), folder.path("home/.cargo/bin/overnight")).unwrap();
        Self { folder, simulator: Simulated::start() }
    }

    /// Does a line to its end. Requests go to a simulator on loopback; whatever else would leave meets no proxy.
    pub fn does(&self, line: &str) -> Ended {
        self.start(line).end()
    }

    /// Does a line that goes on until it is stopped, which it is when it has said that it is there.
    pub fn serves(&self, line: &str) -> Ended {
        let mut running = self.start(&format!("exec {line}"));
        running.line().expect("a word that it is there");
        running.signal(Signal::TERM);
        running.end()
    }

    fn start(&self, line: &str) -> Running {
        let home = self.folder.path("home");
        let path = format!("{}/.cargo/bin:{}", home.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{STAND_INS}\n{line}")]).current_dir(self.folder.path(".")).env_clear();
        shell.env("PATH", path).env("HOME", home).env("OVERNIGHT_API_KEY", KEY);
        shell.env("OVERNIGHT_BASE_URL", self.simulator.url());
        // Whose clocks a job goes by, and whether cron can, is for the machine to say.
        shell.env("TZ", "UTC");
        // The pages show what a reader sees at a terminal; without one, what goes well is one line.
        shell.env("OVERNIGHT_PROGRESS", "plain");
        shell.env("HTTPS_PROXY", "http://127.0.0.1:9").env("HTTP_PROXY", "http://127.0.0.1:9");
        shell.env("NO_PROXY", "127.0.0.1,localhost");
        Running::start(&mut shell, Stdio::null())
    }
}

/// A command and what is said of it: `overnight status          every job here`.
pub fn parted(line: &str) -> (&str, &str) {
    let (command, about) = line.split_once("  ").or_else(|| line.split_once(" # ")).unwrap_or((line, ""));
    (command.trim(), about.trim().trim_start_matches('#').trim())
}

/// Whether what was printed is what a page shows. `…` is whatever stands there; alone on a line, whatever lines do.
pub fn matches(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..])),
        ([line, rest @ ..], [first, others @ ..]) => line_matches(line, first) && matches(rest, others),
        _ => false,
    }
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let mut pieces = shown.trim_end().split('…');
    let Some(mut rest) = pieces.next().and_then(|first| printed.trim_end().strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}
