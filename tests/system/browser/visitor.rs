//! Somebody who asks a review by hand, byte by byte: what no browser would send, too. Never follows an answer anywhere.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::process::PATIENCE;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Where a review is, and what lets in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// `127.0.0.1:PORT`
    pub host: String,
    /// The header with the pass; nothing without one.
    pub cookie: String,
}

impl Visitor {
    /// Somebody without a pass at the address that a review has printed; the path of that besides.
    pub fn at(address: &str) -> (Self, String) {
        let (host, path) = address.trim_start_matches("http://").split_once('/').unwrap();
        (Self { host: host.to_owned(), cookie: String::new() }, format!("/{path}"))
    }

    /// Somebody who has used the address.
    pub fn enter(address: &str) -> Self {
        let (mut visitor, path) = Self::at(address);
        let answer = visitor.get(&path);
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.unwrap_or_else(|| panic!("the link lets nobody in: {} {}", answer.status, answer.text()));
        visitor.cookie = cookie.split(';').next().unwrap().to_owned();
        visitor
    }

    /// Asks for a path, as it stands.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[("host", &self.host), ("cookie", &self.cookie)], "")
    }

    /// Says something as the page does, but for headers that are given here.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let origin = format!("http://{}", self.host);
        let usual = [
            ("host", &*self.host),
            ("cookie", &self.cookie),
            ("origin", &origin),
            ("content-type", "application/json"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| headers.iter().all(|(given, _)| given != name));
        let headers: Vec<_> = kept.chain(headers.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        self.ask(&format!("POST {path}"), &headers, body)
    }

    /// Asks with these headers and no others but what every request has.
    pub fn ask(&self, what: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut connection = TcpStream::connect(&self.host).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{what} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        write!(connection, "{head}\r\n{body}").unwrap();
        let mut reply = Vec::new();
        connection.read_to_end(&mut reply).unwrap();
        let end = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_else(|| panic!("{reply:?}"));
        let head = String::from_utf8(reply[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: reply[end + 4..].to_vec() }
    }

    /// The number and the picture of each card of the page, in its order; of one without a picture nothing.
    pub fn cards(&self) -> Vec<(String, String)> {
        let page = self.get("/").text();
        let cards = page.split("<li class=\"card").skip(1);
        let value = |card: &str, name: &str| {
            let (_, rest) = card.split_once(&format!("data-{name}=\""))?;
            Some(rest.split('"').next().unwrap().to_owned())
        };
        cards.map(|card| (value(card, "key").unwrap(), value(card, "picture").unwrap_or_default())).collect()
    }
}
