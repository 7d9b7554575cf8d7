//! Asks for metrics as Prometheus does, and reads what comes. Never shares its reader with the program.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// With names in small letters.
    pub head: String,
    pub body: String,
}

/// Asks for a path at `host:port` with this method, under this name of the host.
pub fn ask(address: &str, method: &str, path: &str, host: &str) -> Answer {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// The page of metrics there.
pub fn scrape(address: &str) -> String {
    let answer = ask(address, "GET", "/metrics", address);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// The values of a page by name and labels, as they are written.
pub struct Samples(BTreeMap<String, String>);

impl Samples {
    /// Those of this page.
    pub fn of(page: &str) -> Self {
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| line.rsplit_once(' ').unwrap());
        Self(samples.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// One value by its whole name, as in `overnight_items{job="list",state="done"}`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same as a number.
    pub fn number(&self, name: &str) -> f64 {
        self.text(name).unwrap_or_else(|| panic!("{name} is not among {:#?}", self.0)).parse().unwrap()
    }

    /// All values whose names begin so, by the rest of their names.
    pub fn family(&self, start: &str) -> BTreeMap<&str, f64> {
        let found = self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(start)?, value.parse().ok()?)));
        found.collect()
    }

    /// Their sum.
    pub fn sum(&self, start: &str) -> f64 {
        self.family(start).values().sum()
    }
}
