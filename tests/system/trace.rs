//! What a program asked of the system, call by call, as `strace` wrote it down. Never knows what the calls are for.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// The calls that write, name, sync or send something.
const CALLS: &str = "trace=write,pwrite64,writev,sendto,sendmsg,openat,mkdir,rename,renameat,renameat2,unlink,unlinkat,\
                     ftruncate,fsync,fdatasync";
/// So many bytes of each buffer are written down: a page of the database, and a request up to its prompt.
const BYTES: &str = "8192";

/// One call of one thread.
#[derive(Debug)]
pub struct Call {
    /// Such as `fsync`.
    pub name: String,
    /// What stood in the parentheses: descriptors are followed by their file, as in `18</shop/list.csv>`.
    pub arguments: String,
    /// What it returned; negative when it failed.
    pub result: i64,
    /// When it was made, and when it returned: the lines of the trace.
    pub began: usize,
    pub ended: usize,
}

/// A program that is started under `strace`; what it does is written into `trace`.
pub fn traced(program: &str, trace: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-s", BYTES, "-e", "signal=none", "-e", CALLS, "-o"]).arg(trace).arg(program);
    command
}

/// The calls that succeeded, in the order in which they were made.
pub fn calls(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    // Of each thread, the call that it is in, and when it made it.
    let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
    for (line, text) in trace.lines().enumerate() {
        let (thread, text) = text.split_once(' ').expect(text);
        let text = text.trim_start();
        if let Some(begun) = text.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (line, begun.to_owned()));
        } else if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|text| text.split_once(" resumed>")) {
            let (began, begun) = unfinished.remove(thread).expect(text);
            calls.extend(call(&(begun + rest), began, line));
        } else {
            calls.extend(call(text, line, line));
        }
    }
    calls.retain(|call| call.result >= 0);
    calls.sort_by_key(|call| call.began);
    calls
}

/// `fsync(18</shop/list.csv>) = 0` and the like; none for a call that never returned.
fn call(text: &str, began: usize, ended: usize) -> Option<Call> {
    let (called, result) = text.rsplit_once(" = ")?;
    let (name, arguments) = called.split_once('(')?;
    let arguments = arguments.trim_end().strip_suffix(')')?.to_owned();
    let result = result.split(['<', ' ']).next()?.parse().ok()?;
    Some(Call { name: name.to_owned(), arguments, result, began, ended })
}

impl Call {
    /// The file or socket of the call's first argument, a descriptor.
    pub fn target(&self) -> &str {
        let target = self.arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        target.map_or("", |(target, _)| target)
    }

    /// The strings among the arguments, as the bytes they stand for.
    pub fn strings(&self) -> Vec<Vec<u8>> {
        let mut strings = Vec::new();
        let mut rest = self.arguments.as_bytes().iter().copied().peekable();
        while rest.any(|byte| byte == b'"') {
            let mut string = Vec::new();
            while let Some(byte) = rest.next().filter(|byte| *byte != b'"') {
                string.push(if byte == b'\\' { unescaped(&mut rest) } else { byte });
            }
            strings.push(string);
        }
        strings
    }

    /// The first string, or the one after so many, as text.
    pub fn text(&self, place: usize) -> String {
        String::from_utf8(self.strings().swap_remove(place)).unwrap()
    }

    /// The last argument, a number.
    pub fn last_number(&self) -> u64 {
        self.arguments.rsplit(", ").next().and_then(|number| number.parse().ok()).expect(&self.arguments)
    }

    /// Whether it makes the contents of its file, or the names in its folder, durable.
    pub fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// Whether it writes to its file or socket.
    pub fn is_write(&self) -> bool {
        matches!(self.name.as_str(), "write" | "pwrite64" | "writev" | "sendto" | "sendmsg")
    }
}

/// The byte that an escape of C stands for, behind its backslash.
fn unescaped(rest: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> u8 {
    match rest.next().expect("an escape") {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'v' => 0x0B,
        b'f' => 0x0C,
        digit @ b'0'..=b'7' => {
            let mut byte = u32::from(digit - b'0');
            for _ in 0..2 {
                let Some(next) = rest.next_if(|next| matches!(next, b'0'..=b'7')) else { break };
                byte = byte * 8 + u32::from(next - b'0');
            }
            u8::try_from(byte).unwrap()
        }
        itself => itself,
    }
}
