//! The program as a child process: its events as they come, signals, and how it ended. Never waits for ever.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What takes longer than this never comes.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A program that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    stdout: String,
    said: Arc<Said>,
    stderr: Option<JoinHandle<()>>,
}

/// What a program said on stderr so far.
#[derive(Debug, Default)]
struct Said {
    text: Mutex<Vec<u8>>,
    grown: Condvar,
}

impl Said {
    /// Takes it all in, to its end.
    fn hear(&self, stderr: &mut impl Read) {
        let mut piece = [0; 4096];
        loop {
            match stderr.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => self.text.lock().unwrap().extend_from_slice(&piece[..length]),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "{error}"),
            }
            self.grown.notify_all();
        }
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none if a signal killed it.
    pub code: Option<i32>,
    /// All of its stdout.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
}

impl Running {
    /// Starts it, with this on stdin.
    pub fn start(command: &mut Command, stdin: Stdio) -> Self {
        let command = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let said = Arc::new(Said::default());
        let hearing = Arc::clone(&said);
        let stderr = thread::spawn(move || hearing.hear(&mut stderr));
        Self { child, lines, stdout: String::new(), said, stderr: Some(stderr) }
    }

    /// Waits for the line on stderr that begins so.
    pub fn says_line(&self, start: &str) -> String {
        let line = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            let mut whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            whole.find(|line| line.starts_with(start)).map(|line| line.trim_end().to_owned())
        };
        let text = self.said.text.lock().unwrap();
        let (text, timeout) = self.said.grown.wait_timeout_while(text, PATIENCE, |text| line(text).is_none()).unwrap();
        assert!(!timeout.timed_out(), "`{start}` begins no line of: {}", String::from_utf8_lossy(&text));
        line(&text).unwrap()
    }

    /// Waits until these words stand on stderr.
    pub fn wait_until_it_says(&self, words: &str) {
        let said = |text: &[u8]| String::from_utf8_lossy(text).contains(words);
        let text = self.said.text.lock().unwrap();
        let (text, timeout) = self.said.grown.wait_timeout_while(text, PATIENCE, |text| !said(text)).unwrap();
        assert!(!timeout.timed_out(), "`{words}` never stands in:\n{}", String::from_utf8_lossy(&text));
    }

    /// The next line on stdout; none when it was closed.
    pub fn line(&mut self) -> Option<String> {
        self.line_within(PATIENCE).expect("a line, or the end of the program")
    }

    /// The next line, if it comes in time.
    pub fn line_within(&mut self, time: Duration) -> Result<Option<String>, RecvTimeoutError> {
        match self.lines.recv_timeout(time) {
            Ok(line) => {
                self.stdout += &line;
                self.stdout.push('\n');
                Ok(Some(line))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(timeout) => Err(timeout),
        }
    }

    /// Reads events up to the next one of this name.
    pub fn event(&mut self, name: &str) -> Value {
        loop {
            let Some(line) = self.line() else { panic!("it ended before `{name}`: {}", self.stdout) };
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let start = Instant::now();
        while self.line().is_some() {
            assert!(start.elapsed() < PATIENCE, "it goes on and on: {}", self.stdout);
        }
        let code = self.child.wait().unwrap().code();
        self.stderr.take().unwrap().join().unwrap();
        let stderr = String::from_utf8(self.said.text.lock().unwrap().clone()).unwrap();
        Ended { code, stdout: std::mem::take(&mut self.stdout), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended by themselves.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            // A test that has seen enough leaves.
            if sender.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    lines
}

impl Ended {
    /// Demands this exit code.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Demands that stderr holds all of these.
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in:\n{}", self.stderr);
        }
        self
    }

    /// Expects that this stands nowhere, neither on stderr nor on stdout.
    pub fn never_says(self, word: &str) -> Self {
        for said in [&self.stderr, &self.stdout] {
            assert!(!said.contains(word), "`{word}` is in:\n{said}");
        }
        self
    }

    /// Stdout as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Stdout as events, in order.
    pub fn events(&self) -> Vec<Value> {
        events(&self.stdout)
    }

    /// The events of this name on stdout.
    pub fn events_of(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).collect()
    }
}

/// Demands that what is done and timed here takes no longer than this. A busy machine may be late once and again, a program
/// that is slow is late every time.
pub fn takes_at_most(time: Duration, timed: impl FnMut() -> Duration) {
    let took: Vec<Duration> = std::iter::repeat_with(timed).take(4).take_while(|took| *took >= time).collect();
    assert!(took.len() < 4, "{took:?}");
}

/// Lines of JSON, read.
pub fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
