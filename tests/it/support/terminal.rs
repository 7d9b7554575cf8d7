//! Terminals for the program to draw on, and what a person sees there. Never as wide as a screen.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::process::PATIENCE;

/// A program on a terminal of its own. Dropped, it is killed.
pub struct OnTerminal {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl OnTerminal {
    /// Starts it on a terminal of this size, an `xterm` unless the command has another in mind.
    pub fn start(command: &mut Command, rows: u16, columns: u16) -> Self {
        let (controller, terminal) = terminal();
        tcsetwinsize(&terminal, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let end = || Stdio::from(terminal.try_clone().unwrap());
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm");
        }
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let_go(command, terminal);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut controller, kept) = (File::from(controller), Arc::clone(&written));
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when nobody has the terminal open any more.
            while let Ok(length @ 1..) = controller.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..length]);
            }
        });
        Self { child, written, reader }
    }

    /// All that was written so far, with what moves the cursor.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// Waits until this holds of the screen.
    pub fn wait_for(&self, what: &str, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "{what} never came:\n{}", screen.join("\n"));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every line there ever was, those that scrolled away among them.
    pub fn screen(&self) -> Vec<String> {
        screen(&self.written())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; what stands on the terminal then.
    pub fn end(mut self) -> (ExitStatus, Vec<String>) {
        let start = Instant::now();
        // The terminal ends with the last who has it open, once all that was written has been read.
        while self.child.try_wait().unwrap().is_none() || !self.reader.is_finished() {
            assert!(start.elapsed() < PATIENCE, "it goes on and on");
            thread::sleep(Duration::from_millis(10));
        }
        (self.child.wait().unwrap(), self.screen())
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end on a terminal; returns its exit code, and all that it wrote there.
pub fn on_a_terminal(command: &mut Command) -> (Option<i32>, String) {
    let (controller, terminal) = terminal();
    let end = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(end()).stderr(end()).spawn().unwrap();
    let_go(command, terminal);
    let reader = thread::spawn(move || {
        let (mut shown, mut bytes, mut controller) = (Vec::new(), [0; 4096], File::from(controller));
        // Its end is an error: nobody holds the other side any more.
        while let Ok(length @ 1..) = controller.read(&mut bytes) {
            shown.extend_from_slice(&bytes[..length]);
        }
        shown
    });
    let code = child.wait().unwrap().code();
    (code, String::from_utf8(reader.join().unwrap()).unwrap())
}

/// Leaves the terminal to the child alone: the command that started it would hold it for ever.
fn let_go(command: &mut Command, terminal: OwnedFd) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(terminal);
}

/// A terminal of no size: the side of whoever looks at it, and that of the program.
fn terminal() -> (OwnedFd, OwnedFd) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (controller, terminal)
}

/// What is seen, of a terminal that is high enough and knows only what is used here: line ends, returns, moving up,
/// erasing to the end, and colours, which it does not show. A sequence that is not there whole is not there yet.
fn screen(written: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0_usize);
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                let Some(opening) = rest.next() else { break };
                assert_eq!(opening, '[', "{written:?}");
                let number: String = std::iter::from_fn(|| rest.next_if(|c| matches!(c, '0'..='9' | ';'))).collect();
                match rest.next() {
                    Some('A') => row = row.checked_sub(number.parse().unwrap()).expect("above the first line"),
                    Some('J') => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    Some('m') => {}
                    Some(other) => panic!("{other:?} in {written:?}"),
                    None => break,
                }
            }
            c => {
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.iter().map(|line| line.iter().collect()).collect()
}
