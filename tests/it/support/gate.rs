//! A server that answers a request only once the test lets it. Never answers by itself.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use overnight::simulator::{Drawing, Format, draw};

use super::gemini::{answer, image_part};
use super::process::PATIENCE;
use super::server::{Seen, demand_schema, http, read_request};

/// What it answers to a request.
type Reply = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

/// The server. Requests wait at it in the order in which they came.
pub struct Gate {
    address: SocketAddr,
    traffic: Arc<Traffic>,
}

struct Traffic {
    state: Mutex<State>,
    changed: Condvar,
    reply: Box<Reply>,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// So many of the seen are let through.
    open_to: usize,
}

impl Gate {
    /// A shut gate with pictures behind it.
    pub fn shut() -> Self {
        let picture = http(200, &[("content-type", "application/json")], small_picture().as_bytes());
        Self::before(move |_| picture.clone())
    }

    /// A shut gate before these replies.
    pub fn before(reply: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let traffic = Arc::new(Traffic { state: Mutex::default(), changed: Condvar::new(), reply: Box::new(reply) });
        let serving = Arc::clone(&traffic);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let traffic = Arc::clone(&serving);
                // A client may leave at any time: that ends the connection, not the test.
                thread::spawn(move || traffic.serve(connection).ok());
            }
        });
        Self { address, traffic }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until so many requests have arrived since the start, let through or not.
    pub fn wait_for(&self, requests: usize) {
        let state = self.traffic.lock();
        let waiting = |state: &mut State| state.seen.len() < requests;
        let (_state, timeout) = self.traffic.changed.wait_timeout_while(state, PATIENCE, waiting).unwrap();
        assert!(!timeout.timed_out(), "{requests} requests never arrived");
    }

    /// Lets the first so many requests through.
    pub fn open_to(&self, requests: usize) {
        self.traffic.lock().open_to = requests;
        self.traffic.changed.notify_all();
    }

    /// Lets all through, also those to come.
    pub fn open(&self) {
        self.open_to(usize::MAX);
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.traffic.lock().seen.clone()
    }

    /// The prompts so far, in the order in which they came.
    pub fn prompts(&self) -> Vec<String> {
        self.seen().iter().map(prompt).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        demand_schema(&self.seen());
    }
}

impl Traffic {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, mut connection: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(connection.try_clone()?);
        while !reader.fill_buf()?.is_empty() {
            let seen = read_request(&mut reader)?;
            let reply = (self.reply)(&seen);
            let mut state = self.lock();
            state.seen.push(seen);
            let number = state.seen.len();
            self.changed.notify_all();
            // For as long as the test takes: this thread ends with its process.
            drop(self.changed.wait_while(state, |state| state.open_to < number).unwrap());
            connection.write_all(&reply)?;
        }
        Ok(())
    }
}

/// What a request asks to be shown.
pub fn prompt(seen: &Seen) -> String {
    seen.json()["contents"][0]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|part| part["text"].as_str())
        .unwrap()
        .into()
}

/// A whole answer with one small picture.
pub fn small_picture() -> String {
    let drawing = Drawing { prompt: "a cup", note: "", width: 32, height: 32, variation: 0 };
    answer(&image_part(&draw(&drawing, Format::Png)), "STOP")
}
