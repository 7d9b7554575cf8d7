//! A scripted HTTP/1.1 server on loopback: it plays its replies in order, faults below HTTP included, and records
//! what it was sent. Never decides anything itself.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::net::{self, AddressFamily, SocketType};

use super::schema;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Play {
    /// Writes these bytes and keeps the connection.
    Reply(Vec<u8>),
    /// Writes these bytes and closes the connection.
    ReplyAndClose(Vec<u8>),
    /// Writes these bytes and then nothing, until the client gives up.
    ReplyAndHang(Vec<u8>),
    /// Writes these bytes and resets the connection: what of them has not been taken yet is gone.
    ReplyAndReset(Vec<u8>),
    /// Writes these bytes when a request begins to come, and never reads it.
    ReplyUnread(Vec<u8>),
    /// Breaks the connection without reading what was sent, which resets it.
    Reset,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The first line: method, target, version.
    pub line: String,
    /// Names in small letters, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Seen {
    /// The address as the client wrote it, with the query.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }

    /// The value of a header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Debug)]
struct Script {
    plays: Mutex<VecDeque<Play>>,
    seen: Mutex<Vec<Seen>>,
}

/// The server; it answers for as long as the test runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    script: Arc<Script>,
}

impl Server {
    /// Listens, and plays `plays` in order, one a request.
    pub fn start(plays: impl IntoIterator<Item = Play>) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap(), plays)
    }

    /// The same for plays that name the server's own address.
    pub fn start_knowing<P: IntoIterator<Item = Play>>(plays: impl FnOnce(&str) -> P) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self::at(listener, plays(&address))
    }

    /// The same, where somebody listens already.
    pub fn at(listener: TcpListener, plays: impl IntoIterator<Item = Play>) -> Self {
        let address = listener.local_addr().unwrap();
        let plays = plays.into_iter().collect();
        let script = Arc::new(Script { plays: Mutex::new(plays), seen: Mutex::default() });
        let playing = Arc::clone(&script);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let script = Arc::clone(&playing);
                // A client may leave at any time: that ends the connection, not the test.
                thread::spawn(move || script.serve(connection).ok());
            }
        });
        Self { address, script }
    }

    /// The address to ask, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    /// The one request there was.
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

impl Drop for Server {
    /// Whatever a test is about, what it sent must be what the schema accepts.
    fn drop(&mut self) {
        demand_schema(&self.seen());
    }
}

/// A port of this machine at which every connection is refused for as long as this is kept: bound, so that nobody else
/// gets it, and never listening. With its address.
pub fn nobody() -> (OwnedFd, String) {
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = SocketAddr::try_from(net::getsockname(&socket).unwrap()).unwrap();
    (socket, format!("http://{address}"))
}

/// Holds every request for a picture to Google's public schema, unless the test has failed already.
pub(super) fn demand_schema(seen: &[Seen]) {
    let asks = seen.iter().filter(|seen| seen.target().contains(":generateContent"));
    let wrong: Vec<String> = asks.flat_map(|seen| schema::wrong_with(&seen.json())).collect();
    assert!(wrong.is_empty() || thread::panicking(), "{wrong:#?}");
}

impl Script {
    fn serve(&self, mut connection: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(connection.try_clone()?);
        // Waits for a request before it takes the next play: a connection may never carry one.
        while !reader.fill_buf()?.is_empty() {
            let play = self.plays.lock().unwrap().pop_front();
            match &play {
                Some(Play::Reset) => return Ok(()),
                Some(Play::ReplyUnread(bytes)) => return answer_unread(&mut connection, bytes),
                _ => {}
            }
            let seen = read_request(&mut reader)?;
            self.seen.lock().unwrap().push(seen);
            match play {
                Some(Play::Reply(bytes)) => connection.write_all(&bytes)?,
                Some(Play::ReplyAndClose(bytes)) => return connection.write_all(&bytes),
                Some(Play::ReplyAndHang(bytes)) => {
                    connection.write_all(&bytes)?;
                    return io::copy(&mut reader, &mut io::sink()).map(drop);
                }
                Some(Play::ReplyAndReset(bytes)) => {
                    connection.write_all(&bytes)?;
                    return Ok(rustix::net::sockopt::set_socket_linger(&connection, Some(Duration::ZERO))?);
                }
                Some(Play::Reset | Play::ReplyUnread(_)) | None => {
                    connection.write_all(&http(599, &[], b"the script is over"))?
                }
            }
        }
        Ok(())
    }
}

/// Holds the connection until the client leaves it, or the test ends.
fn answer_unread(connection: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    connection.write_all(bytes)?;
    let gone = rustix::event::PollFlags::RDHUP | rustix::event::PollFlags::HUP | rustix::event::PollFlags::ERR;
    let mut wait = [rustix::event::PollFd::new(connection, gone)];
    rustix::event::poll(&mut wait, None)?;
    Ok(())
}

/// Reads one request, whole.
pub fn read_request(reader: &mut impl BufRead) -> io::Result<Seen> {
    let line = read_line(reader)?;
    let mut headers = Vec::new();
    loop {
        let header = read_line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Seen { line, headers, body: Vec::new() };
    let length = seen.header("content-length").map_or(0, |text| text.parse().unwrap());
    seen.body.resize(length, 0);
    reader.read_exact(&mut seen.body)?;
    Ok(seen)
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// A whole reply with the right length.
pub fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut reply = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        reply.push_str(&format!("{name}: {value}\r\n"));
    }
    reply.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut reply = reply.into_bytes();
    reply.extend_from_slice(body);
    reply
}

/// A whole JSON reply.
pub fn json(status: u16, body: &str) -> Play {
    Play::Reply(http(status, &[("content-type", "application/json")], body.as_bytes()))
}
