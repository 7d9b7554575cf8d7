//! What nobody who fetches pictures can do without, each by itself and as cheap as can be: receive, decode, hash,
//! write. Never all of it at once, and never with anything of the program.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::answer;
use super::child::{self, Place};

/// What a client reads at once: large enough to ask the kernel seldom, small enough to stay in the processor's cache.
const READ: usize = 64 * 1024;
/// What is decoded at once, in characters.
const DECODE: usize = 64 * 1024;

/// Asks and drops what comes: port, answers, in flight.
pub const RECEIVE: &str = "receive";
/// Asks and writes the bodies as they come into files of their own: port, answers, in flight, folder.
pub const RECEIVE_AND_WRITE: &str = "receive-and-write";
/// Decodes a picture's base64 again and again: bytes, times.
pub const DECODE_BASE64: &str = "decode";
/// Hashes a picture with BLAKE3 again and again: bytes, times.
pub const HASH: &str = "hash";
/// Writes a picture into new files: bytes, times, folder.
pub const WRITE: &str = "write";

/// Plays one part in a process of its own, in its place; the processor time it took, preparations left out.
pub fn cpu(role: &str, words: &[String], place: Place) -> anyhow::Result<Duration> {
    let mut command = child::helper(role, words)?;
    let output = child::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), place)?.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the helper `{role}` ended with {}", output.status);
    let nanoseconds = str::from_utf8(&output.stdout)?.trim().parse().context("a helper says its processor time")?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// The helper's life: plays its part, then says what processor time that took, in nanoseconds.
pub fn play(role: &str, words: &[String]) -> anyhow::Result<()> {
    let number = |index: usize| -> anyhow::Result<usize> {
        Ok(words.get(index).with_context(|| format!("`{role}` wants more words"))?.parse()?)
    };
    let folder = |index: usize| words.get(index).map(Path::new).context("a folder is wanted");
    let used = match role {
        RECEIVE => receive(number(0)?, number(1)?, number(2)?, None),
        RECEIVE_AND_WRITE => receive(number(0)?, number(1)?, number(2)?, Some(folder(3)?)),
        DECODE_BASE64 => decode(number(0)?, number(1)?),
        HASH => hash(number(0)?, number(1)?),
        WRITE => write(number(0)?, number(1)?, folder(2)?),
        _ => anyhow::bail!("there is no helper called `{role}`"),
    }?;
    println!("{}", used.as_nanos());
    Ok(())
}

fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn decode(bytes: usize, times: usize) -> anyhow::Result<Duration> {
    let engine = answer::base64();
    let text = engine.encode(answer::picture(bytes));
    let mut decoded = vec![0; DECODE];
    let before = used();
    for _ in 0..times {
        for piece in text.as_bytes().chunks(DECODE) {
            black_box(engine.decode_slice(piece, &mut decoded)?);
        }
    }
    Ok(used() - before)
}

fn hash(bytes: usize, times: usize) -> anyhow::Result<Duration> {
    let picture = answer::picture(bytes);
    let before = used();
    for _ in 0..times {
        black_box(blake3::hash(black_box(&picture)));
    }
    Ok(used() - before)
}

fn write(bytes: usize, times: usize, folder: &Path) -> anyhow::Result<Duration> {
    let picture = answer::picture(bytes);
    let before = used();
    for number in 0..times {
        File::create_new(folder.join(format!("{number}.jpg")))?.write_all(&picture)?;
    }
    Ok(used() - before)
}

/// So many answers, at most so many requests at once, each over a connection of its own that stays open. As many
/// threads as the program would have: where others work on the machine, it gets the same share of it.
fn receive(port: usize, answers: usize, in_flight: usize, folder: Option<&Path>) -> anyhow::Result<Duration> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (port, left) = (u16::try_from(port)?, Arc::new(AtomicUsize::new(answers)));
    let before = used();
    runtime.block_on(async {
        let clients = (0..in_flight).map(|_| client(port, left.clone(), folder.map(Path::to_owned)));
        let mut clients: JoinSet<anyhow::Result<()>> = clients.collect();
        while let Some(ended) = clients.join_next().await {
            ended??;
        }
        Ok(used() - before)
    })
}

async fn client(port: u16, left: Arc<AtomicUsize>, folder: Option<PathBuf>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ];
    while let Ok(number) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        let file = folder.as_ref().map(|folder| File::create_new(folder.join(format!("{number}.json")))).transpose()?;
        stream.write_all(REQUEST.as_bytes()).await?;
        exchange(&mut stream, &mut buffer, file).await?;
    }
    Ok(())
}

/// Reads one answer to its end; the body goes into the file, where there is one.
async fn exchange(stream: &mut TcpStream, buffer: &mut [u8], mut file: Option<File>) -> anyhow::Result<()> {
    let (mut arrived, mut head) = (stream.read(buffer).await?, None);
    while head.is_none() {
        head = buffer[..arrived].windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|end| end + 4);
        if head.is_none() {
            arrived += some(stream.read(&mut buffer[arrived..]).await?)?;
        }
    }
    let head = head.unwrap_or_default();
    let length = content_length(&buffer[..head]).context("the answer says its length")?;
    let mut body = arrived - head;
    keep(&mut file, &buffer[head..arrived])?;
    while body < length {
        let bytes = some(stream.read(buffer).await?)?;
        keep(&mut file, &buffer[..bytes])?;
        body += bytes;
    }
    Ok(())
}

fn content_length(head: &[u8]) -> Option<usize> {
    let head = str::from_utf8(head).ok()?;
    head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()
}

fn keep(file: &mut Option<File>, bytes: &[u8]) -> io::Result<()> {
    file.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
}

fn some(bytes: usize) -> io::Result<usize> {
    if bytes == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// As long as one of the program's.
const REQUEST: &str = concat!(
    "POST /v1beta/models/bench:generateContent HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
    "Content-Length: 154\r\n\r\n",
    r#"{"contents":[{"role":"user","parts":[{"text":"A stoneware mug on light oak, number 000001"}]}],"#,
    r#""generationConfig":{"responseModalities":["TEXT","IMAGE"]}}"#,
);
