//! Hooks: what a person wants done when a run, or an item, has ended. A command gets what is told on stdin, an address
//! by a request. Never changes how a run went, never keeps one waiting, never prints, and never shows what may hold a
//! secret.
//!
//! What is told arrives at least once where it arrives: a request whose answer got lost is sent again.

mod asker;
mod command;
mod items;
mod letter;
mod patience;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
pub use hyper::Method;
use secrecy::SecretString;
use url::Url;

use asker::Asker;
pub use items::{ItemHooks, ItemTeller};
pub use letter::{EndedRun, Letter, NotRun};

/// A command gets so long unless the job says otherwise.
const USUAL_COMMAND: Duration = Duration::from_secs(60);
/// A try of a request gets so long.
const USUAL_REQUEST: Duration = Duration::from_secs(10);

/// How long a hook takes at most, all tries of a request together.
pub fn longest(is_request: bool, timeout: Option<Duration>) -> Duration {
    match is_request {
        true => patience::ALTOGETHER + timeout.unwrap_or(USUAL_REQUEST),
        false => timeout.unwrap_or(USUAL_COMMAND),
    }
}

/// One thing to do.
#[derive(Debug)]
pub struct Hook {
    /// What it is called: when it runs, and where that is said.
    name: String,
    act: Act,
    timeout: Option<Duration>,
    /// Who asks, where an address is asked.
    asker: Option<Result<Asker, String>>,
}

/// What a hook does.
#[derive(Debug)]
pub enum Act {
    /// A program is started.
    Command(Command),
    /// An address is asked.
    Request(Request),
    /// It cannot be done, for this reason, which is told in its place.
    Unready(String),
}

/// A program, and where it runs. A line for the shell is one, too.
pub struct Command {
    /// The program; a path that is no absolute one starts at the folder.
    pub program: String,
    /// What is given to it.
    pub arguments: Vec<String>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Variables that it does not get.
    pub without: Vec<String>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command").field("program", &self.program).finish_non_exhaustive()
    }
}

/// An address, and how it is asked.
pub struct Request {
    /// Where.
    pub url: Url,
    /// By which method; what is told goes along, unless it is GET.
    pub method: Method,
    /// What else goes along.
    pub headers: Vec<(String, SecretString)>,
    /// A PEM file of certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("host", &asker::shown(&self.url)).finish_non_exhaustive()
    }
}

/// A hook that did what it is for, or did not.
#[derive(Debug)]
pub struct Ran {
    /// What went wrong, in one clause.
    pub trouble: Option<String>,
    /// What it said, as far as that is kept: the end of it, not yet harmless for a terminal.
    pub output: String,
}

/// Who hears of hooks.
pub trait Voice: Send + Sync {
    /// A hook did not do what it is for.
    fn trouble(&self, hook: &str, what: &str, output: &str);
    /// A hook said something, and all was well.
    fn output(&self, hook: &str, output: &str);
    /// Something that a person who waits may want to know.
    fn note(&self, what: &str);
}

impl Hook {
    /// One that is called so. Reads the certificates that it needs: not to be made where others wait.
    pub fn new(name: String, act: Act, timeout: Option<Duration>) -> Self {
        let asker = match &act {
            Act::Request(request) => Some(Asker::new(request, timeout.unwrap_or(USUAL_REQUEST))),
            _ => None,
        };
        Self { name, act, timeout, asker }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does what it is for. Given up at any await, it leaves nothing behind that goes on.
    pub async fn run(&self, letter: &Letter) -> Ran {
        match &self.act {
            Act::Command(command) => command::run(command, letter, self.timeout.unwrap_or(USUAL_COMMAND)).await,
            Act::Request(_) => {
                let asked = match &self.asker {
                    Some(Ok(asker)) => asker.ask(Bytes::copy_from_slice(letter.body())).await.err(),
                    Some(Err(why)) => Some(why.clone()),
                    None => None,
                };
                Ran { trouble: asked, output: String::new() }
            }
            Act::Unready(why) => Ran { trouble: Some(why.clone()), output: String::new() },
        }
    }

    /// The same, told to whoever hears of hooks.
    pub async fn run_aloud(&self, letter: &Letter, voice: &dyn Voice) {
        let ran = self.run(letter).await;
        match &ran.trouble {
            Some(trouble) => voice.trouble(&self.name, trouble, &ran.output),
            None => voice.output(&self.name, &ran.output),
        }
    }
}
