//! Somebody who reviews, as the page's script does it: screens, small pictures, items, and what is new every second and a
//! half. Never draws anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use super::child::{Place, spawn};
use super::program::{JOB, program};

/// Cards that the page fetches at once.
const SCREEN: usize = 48;

/// A review that is on, for the job of a database. Dropped, it is gone.
#[derive(Debug)]
pub struct Review {
    process: Child,
    host: String,
    cookie: String,
}

/// The answer to a request, and how long until its last byte.
#[derive(Debug)]
pub struct Answer {
    pub took: Duration,
    /// All of it, with its head.
    pub bytes: usize,
    pub body: String,
}

/// What a page has on the screen.
#[derive(Debug, Clone)]
pub struct Screen {
    pub view: u64,
    pub total: usize,
    pub cards: Vec<Card>,
}

/// A card of it.
#[derive(Debug, Clone)]
pub struct Card {
    pub key: i64,
    pub place: usize,
    pub stamp: String,
    pub picture: Option<String>,
}

impl Review {
    /// Begins one, and uses its address.
    pub fn start(database: &std::path::Path) -> anyhow::Result<Self> {
        let mut command = program("review");
        command.arg(JOB).arg("--db").arg(database).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = spawn(&mut command, Place::Anywhere)?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("stdout is a pipe")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").and_then(|address| address.split_once('/'));
        let (host, link) = address.with_context(|| format!("the review prints its address, not {line:?}"))?;
        let mut review = Self { process, host: host.to_owned(), cookie: String::new() };
        let (head, _) = review.connect()?.exchange("GET", &format!("/{link}"), "")?;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
        review.cookie = cookie.context("the address lets in")?.to_owned();
        Ok(review)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// A connection of its own, as a browser holds a few.
    pub fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(&self.host)?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream: BufReader::new(stream), host: self.host.clone(), cookie: self.cookie.clone() })
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection that stays open.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    cookie: String,
}

impl Connection {
    /// Asks for something; anything but a good answer is an error.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.ask("GET", path, "")
    }

    /// Says something.
    pub fn post(&mut self, path: &str, what: &Value) -> anyhow::Result<Answer> {
        self.ask("POST", path, &what.to_string())
    }

    /// The page, and what it shows first.
    pub fn page(&mut self) -> anyhow::Result<(Answer, Screen)> {
        let answer = self.get("/")?;
        let number = |name: &str| value(&answer.body, name).and_then(|number| number.parse().ok());
        let view = number("view").context("the page names its view")?;
        let total = number("total").context("the page says how many there are")? as usize;
        let screen = Screen { view, total, cards: cards(&answer.body) };
        Ok((answer, screen))
    }

    /// A further screen of it.
    pub fn screen(&mut self, first: &Screen, number: usize) -> anyhow::Result<(Answer, Vec<Card>)> {
        let (from, to) = (number * SCREEN, first.total.min((number + 1) * SCREEN));
        let answer = self.get(&format!("/cards?view={}&from={from}&to={to}", first.view))?;
        let cards = cards(&answer.body);
        Ok((answer, cards))
    }

    /// The small picture of a card, if it has one.
    pub fn thumbnail(&mut self, card: &Card) -> anyhow::Result<Option<Answer>> {
        let Some(picture) = &card.picture else { return Ok(None) };
        self.get(&format!("/thumbnail/{}/{picture}", card.key)).map(Some)
    }

    /// What is new on a page that shows these cards, and was told so much.
    pub fn news(&mut self, view: u64, change: i64, cards: &[Card]) -> anyhow::Result<Answer> {
        let cards: Vec<Value> = cards.iter().map(|card| json!([card.key, card.place, card.stamp])).collect();
        self.post("/live", &json!({ "view": view, "change": change, "cards": cards }))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
        let start = Instant::now();
        let (head, bytes) = self.exchange(method, path, body)?;
        let took = start.elapsed();
        let good =
            [" 200 ", " 204 "].iter().any(|status| head.lines().next().is_some_and(|line| line.contains(status)));
        anyhow::ensure!(good, "{method} {path} was answered {head}");
        Ok(Answer { took, bytes: head.len() + bytes.len(), body: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// One request; the head in small letters but for values, and the body.
    fn exchange(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let Self { stream, host, cookie } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n");
        if method == "POST" {
            head += &format!(
                "origin: http://{host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            );
        }
        stream.get_mut().write_all(format!("{head}\r\n{body}").as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            anyhow::ensure!(stream.read_line(&mut head)? > 0, "{method} {path} was not answered");
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut bytes = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut bytes)?;
        Ok((head, bytes))
    }
}

/// The cards that stand in a part of the page.
fn cards(html: &str) -> Vec<Card> {
    let card = |html: &str| {
        Some(Card {
            key: value(html, "key")?.parse().ok()?,
            place: value(html, "place")?.parse().ok()?,
            stamp: value(html, "stamp")?,
            picture: value(html, "picture"),
        })
    };
    html.split("<li class=\"card").skip(1).filter_map(card).collect()
}

/// The first value of a `data-` attribute.
fn value(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("data-{name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}
