//! A command: started with what is told on its stdin, and heard to its end. Never leaves it running, nor what it
//! started, when its time is over or nobody waits for it any more; and never keeps more of its output than a few lines.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin};
use tokio::time::{sleep, timeout};

use super::{Command, Letter, Ran};
use crate::domain::io_words;
use crate::report::words::duration;

/// So much of what it says is kept, in bytes: the end.
const KEPT: usize = 4 * 1024;
/// What it started may hold its output open after it has ended; nobody waits longer for that.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Told to end, it has so long before it is killed.
const TO_END: Duration = Duration::from_secs(1);

/// Runs it; it may take so long.
pub(super) async fn run(command: &Command, letter: &Letter, within: Duration) -> Ran {
    let (mut child, mut output) = match start(command, letter) {
        Ok(started) => started,
        Err(trouble) => return Ran { trouble: Some(trouble), output: String::new() },
    };
    let group = Group::of(&child);
    let stdin = child.stdin.take();
    let mut heard = Tail::default();
    let ended = {
        let feed = feed(stdin, letter.body());
        let listen = heard.listen(&mut output);
        tokio::select! {
            ended = child.wait() => Some(ended),
            // Both may be over long before it is.
            ((), ()) = async { tokio::join!(feed, listen); std::future::pending().await } => None,
            () = sleep(within) => None,
        }
    };
    if ended.is_none() {
        group.signal(Signal::TERM);
        let _ = timeout(TO_END, child.wait()).await;
        drop(group);
    } else {
        group.let_go();
    }
    let _ = timeout(LAST_WORDS, heard.listen(&mut output)).await;
    Ran { trouble: trouble(ended, within), output: heard.text() }
}

fn trouble(ended: Option<io::Result<ExitStatus>>, within: Duration) -> Option<String> {
    match ended {
        Some(Ok(status)) if status.success() => None,
        Some(Ok(status)) => Some(match status.code() {
            Some(code) => format!("it ended with exit code {code}"),
            None => format!("it was ended by a {status}"),
        }),
        Some(Err(error)) => Some(format!("nothing is known of its end: {}", io_words(&error))),
        None => {
            let length = duration(within);
            Some(format!("it was not done within {length} and was stopped; give it longer with timeout = \"…\""))
        }
    }
}

/// Starts it in a group of its own, so that a Ctrl-C at the terminal does not end it, and all of it can be ended.
fn start(command: &Command, letter: &Letter) -> Result<(Child, Receiver), String> {
    let failed = |error: &io::Error| format!("it cannot be started: {}", io_words(error));
    let (reader, writer) = io::pipe().map_err(|error| failed(&error))?;
    let again = writer.try_clone().map_err(|error| failed(&error))?;
    let output = Receiver::from_owned_fd(reader.into()).map_err(|error| failed(&error))?;
    let program = match command.program.contains('/') {
        true => command.folder.join(&command.program),
        false => Path::new(&command.program).to_path_buf(),
    };
    let mut process = tokio::process::Command::new(&program);
    process.args(&command.arguments).current_dir(&command.folder);
    for name in &command.without {
        process.env_remove(name);
    }
    process.envs(letter.variables().iter().map(|(name, value)| (name, value)));
    process.stdin(Stdio::piped()).stdout(writer).stderr(again).process_group(0);
    let child = process.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if !command.folder.is_dir() => {
            format!("it cannot be started: its folder {} is not there", command.folder.display())
        }
        io::ErrorKind::NotFound => format!("there is no program `{}`", program.display()),
        io::ErrorKind::PermissionDenied => {
            format!("`{}` may not be started; make it executable with chmod +x", program.display())
        }
        _ => failed(&error),
    })?;
    Ok((child, output))
}

/// Gives it what is told; one that does not read it may do so.
async fn feed(stdin: Option<ChildStdin>, body: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(body).await;
    }
}

/// A command and all that it started. Dropped, they are killed.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // They may all be gone.
            let _ = kill_process_group(group, signal);
        }
    }

    /// It ended by itself; what it left running on purpose goes on.
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// The end of what was said.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Tail {
    /// Listens until nobody holds the other side any more. May be dropped at any await.
    async fn listen(&mut self, output: &mut Receiver) {
        let mut block = [0; 4 * 1024];
        while let Ok(length @ 1..) = output.read(&mut block).await {
            self.bytes.extend_from_slice(&block[..length]);
            let over = self.bytes.len().saturating_sub(KEPT);
            self.is_cut |= over > 0;
            self.bytes.drain(..over);
        }
    }

    fn text(&self) -> String {
        let cut = if self.is_cut { "… " } else { "" };
        format!("{cut}{}", String::from_utf8_lossy(&self.bytes))
    }
}
