//! A server with one answer, as cheap as can be: it shares the machine with what is measured. Never looks at what it is
//! asked, and never closes a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream as Blocking;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::answer;
use super::child::{self, Place};

/// What this helper is called.
pub const ROLE: &str = "server";

/// A server that runs. Dropped, it is gone.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// The server ends when this does, so also when this bench is killed.
    _alive: ChildStdin,
    /// Where it listens, on this machine.
    pub port: u16,
}

/// What a server has seen, by its own clock: from the first request it read to the last answer it had sent.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Answers sent in full.
    pub answers: u64,
    /// The time between.
    pub took: Duration,
}

impl Server {
    /// Starts one whose every answer holds a picture of `bytes` and waits for `latency`.
    pub fn start(bytes: usize, latency: Duration, place: Place) -> anyhow::Result<Self> {
        let words = [bytes.to_string(), latency.as_millis().to_string()];
        let mut command = child::helper(ROLE, &words)?;
        let mut process = child::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()), place)?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("stdout is a pipe")?).read_line(&mut line)?;
        let alive = process.stdin.take().context("stdin is a pipe")?;
        let port = line.trim().parse().context("the server says its port")?;
        Ok(Self { process, _alive: alive, port })
    }

    /// What it has seen.
    pub fn seen(&self) -> anyhow::Result<Seen> {
        let mut connection = Blocking::connect(("127.0.0.1", self.port))?;
        connection.write_all(b"GET /stats HTTP/1.1\r\n\r\n")?;
        connection.shutdown(std::net::Shutdown::Write)?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply)?;
        let (_, body) = reply.split_once("\r\n\r\n").context("a head and a body")?;
        let (answers, nanoseconds): (u64, u64) = serde_json::from_str(body)?;
        Ok(Seen { answers, took: Duration::from_nanos(nanoseconds) })
    }

    /// The processor time it has used.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        child::cpu(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The helper's life: says its port, then answers until its stdin is closed.
pub fn serve(words: &[String]) -> anyhow::Result<()> {
    let [bytes, latency] = words else { anyhow::bail!("a server is told bytes and milliseconds") };
    let (bytes, latency) = (bytes.parse()?, Duration::from_millis(latency.parse()?));
    rlimit::increase_nofile_limit(u64::MAX)?;
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen(answer::response(bytes).into(), latency))
}

async fn listen(response: Arc<[u8]>, latency: Duration) -> anyhow::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse()?)?;
    // Thousands connect at once.
    let listener = socket.listen(4096)?;
    println!("{}", listener.local_addr()?.port());
    let clock = Arc::new(Mutex::new(Clock::default()));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (response, clock) = (response.clone(), clock.clone());
        // Whoever leaves in the middle has left.
        tokio::spawn(async move { converse(stream, &response, latency, &clock).await });
    }
}

/// When the first request came and the last answer went.
#[derive(Debug, Default)]
struct Clock {
    first: Option<Instant>,
    last: Option<Instant>,
    answers: u64,
}

impl Clock {
    fn took(&self) -> Duration {
        self.first.zip(self.last).map(|(first, last)| last - first).unwrap_or_default()
    }
}

/// One connection, request after request.
async fn converse(mut stream: TcpStream, response: &[u8], latency: Duration, clock: &Mutex<Clock>) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    while let Some(wants_stats) = request(&mut stream, &mut buffer).await? {
        if wants_stats {
            let body = read(clock, |clock| format!("[{}, {}]", clock.answers, clock.took().as_nanos()));
            stream.write_all(&answer::http(&body)).await?;
            continue;
        }
        read(clock, |clock| clock.first.get_or_insert_with(Instant::now).elapsed());
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(response).await?;
        read(clock, |clock| (clock.last, clock.answers) = (Some(Instant::now()), clock.answers + 1));
    }
    Ok(())
}

fn read<T>(clock: &Mutex<Clock>, look: impl FnOnce(&mut Clock) -> T) -> T {
    look(&mut clock.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Reads one request to its end and drops it; whether it asked for the figures. None when the connection is over.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    buffer.clear();
    let head = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if header("transfer-encoding:") == Some("chunked") {
        buffer.drain(..head);
        // No JSON that is sent holds a line break, so this can only be the last chunk.
        while !buffer.ends_with(b"0\r\n\r\n") {
            buffer.drain(..buffer.len().saturating_sub(8));
            more(stream, buffer).await?;
        }
        return Ok(Some(false));
    }
    let length = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut arrived = buffer.len() - head;
    while arrived < length {
        buffer.clear();
        arrived += more(stream, buffer).await?;
    }
    Ok(Some(text.starts_with("get /stats")))
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    match stream.read_buf(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        bytes => Ok(bytes),
    }
}
