//! The first promise of docs/architecture.md, "receive, keep, settle, tell", shown by what the program asks of the
//! system. For each picture, each of these has ended before the next begins:
//!
//! 1. the attempt stands in the database as *sent*, durably
//! 2. its request goes out on a socket
//! 3. its picture is written into staging, whole
//! 4. the staged file is synced
//! 5. the staging folder is synced
//! 6. the attempt stands in the database as *received*, durably; nothing of that was written before
//! 7. the file is renamed to its final name
//! 8. the folder of its final name is synced, and each new folder above it
//! 9. the attempt stands in the database as *settled*, durably; nothing of that was written before
//! 10. its event is told

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use overnight::simulator::{Settings, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::durable::{Commit, commits};
use crate::support::process::events;
use crate::support::workspace::{KEY, Workspace};
use crate::trace::{Call, calls, traced};

const ITEMS: usize = 12;

/// A step on the way of one picture: when it began, and when it had ended.
struct Step {
    what: &'static str,
    began: usize,
    ended: usize,
}

/// A run that has ended, and all that it asked of the system. Its folder is gone.
struct Traced {
    output: PathBuf,
    /// Those of attempts that ended.
    events: Vec<Value>,
    calls: Vec<Call>,
    commits: Vec<Commit>,
}

/// Runs a dozen items, four at a time. Each has a folder of its own or shares one, every third answer holds drafts.
async fn run() -> Traced {
    let here = Workspace::new();
    let rows = (0..ITEMS).map(|n| {
        let script = if n % 3 == 0 { "[[simulate:drafts]]" } else { "" };
        let folder = if n % 2 == 0 { format!("own-{n}/deep") } else { "shared".to_owned() };
        format!("item-{n},a cup of kind ({n}) {script},{folder}/cup-{n}\n")
    });
    here.write("list.csv", &("id,prompt,name\n".to_owned() + &rows.collect::<String>()));
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let mut command = traced(env!("CARGO_BIN_EXE_overnight"), &here.path("trace"));
    command.args(["run", "list.csv", "--concurrency", "4", "--events", "told.jsonl", "--base-url"]);
    command.arg(simulator.base_url()).current_dir(here.path("")).env_remove("RUST_LOG").env("OVERNIGHT_API_KEY", KEY);
    let ended = tokio::task::spawn_blocking(move || command.output().expect("strace is installed")).await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let root = std::fs::canonicalize(here.path("")).unwrap();
    let output = root.join("output/list");
    assert!(!output.join(".staging").exists(), "something was left in staging");
    let calls = calls(&here.read("trace"));
    let commits = commits(&root.join("overnight.db"), &calls);
    let mut events = events(&here.read("told.jsonl"));
    events.retain(|event| event["event"] == "attempt_ended");
    Traced { output, events, calls, commits }
}

impl Traced {
    /// The first call after a moment that is so.
    fn first(&self, what: &'static str, after: usize, is: impl Fn(&Call) -> bool) -> Step {
        let found = self.calls.iter().find(|call| call.began > after && is(call));
        let found = found.unwrap_or_else(|| panic!("{what}: not after line {after} of the trace"));
        Step { what, began: found.began, ended: found.ended }
    }

    /// The first commit that leaves the attempt in this state.
    fn committed(&self, what: &'static str, attempt: i64, state: &str) -> Step {
        let is = |commit: &&Commit| commit.attempts.get(&attempt).is_some_and(|attempt| attempt.state == state);
        let found = self.commits.iter().find(is).unwrap_or_else(|| panic!("{attempt} was never {state}"));
        Step { what, began: found.began, ended: found.ended }
    }

    /// The first sync of this file or folder after a moment.
    fn synced(&self, what: &'static str, after: usize, path: &Path) -> Step {
        self.first(what, after, |call| call.is_sync() && Path::new(call.target()) == path)
    }

    /// The call that moved a staged picture to this final name, and the staged file.
    fn published(&self, file: &Path) -> (Step, PathBuf) {
        let is = |call: &&Call| call.name.starts_with("rename") && Path::new(&call.text(1)) == file;
        let rename = self.calls.iter().find(is).unwrap_or_else(|| panic!("{} was never renamed", file.display()));
        let step = Step { what: "renamed to its final name", began: rename.began, ended: rename.ended };
        (step, PathBuf::from(rename.text(0)))
    }

    /// The way of the picture that this event tells of.
    fn steps(&self, event: &Value) -> Vec<Step> {
        let file = self.output.join(event["file"].as_str().unwrap());
        let (renamed, staged) = self.published(&file);
        let attempt = attempt_of(&staged);
        let prompt = format!("a cup of kind ({})", event["item"].as_str().unwrap().trim_start_matches("item-"));
        let written = self.calls.iter().rfind(|call| call.is_write() && Path::new(call.target()) == staged).unwrap();
        let written = Step { what: "written into staging", began: written.began, ended: written.ended };
        let file_synced = self.synced("staged file synced", written.ended, &staged);
        let staging_synced = self.synced("staging synced", file_synced.ended, staged.parent().unwrap());
        let folder_synced = self.synced("final folder synced", renamed.ended, file.parent().unwrap());
        let told = self.first("told", 0, |call| call.target().ends_with("told.jsonl") && says_ended(call, event));
        vec![
            self.committed("committed as sent", attempt, "sent"),
            self.first("request sent", 0, |call| call.target().starts_with("socket:") && holds(call, &prompt)),
            written,
            file_synced,
            staging_synced,
            self.committed("committed as received", attempt, "received"),
            renamed,
            folder_synced,
            self.committed("committed as settled", attempt, "settled"),
            told,
        ]
    }
}

/// The attempt that a staged file belongs to: `0123abcd-7-1.part` is the first picture of the seventh.
fn attempt_of(staged: &Path) -> i64 {
    staged.file_name().unwrap().to_str().unwrap().split('-').nth(1).unwrap().parse().unwrap()
}

fn holds(call: &Call, words: &str) -> bool {
    call.is_write() && call.strings().concat().windows(words.len()).any(|part| part == words.as_bytes())
}

fn says_ended(call: &Call, event: &Value) -> bool {
    call.is_write() && holds(call, "attempt_ended") && holds(call, &event["item"].to_string())
}

/// The one run that all of these look at.
static RUN: LazyLock<Traced> = LazyLock::new(|| Runtime::new().unwrap().block_on(run()));

#[test]
fn each_step_is_durable_before_the_next_begins() {
    assert_eq!(RUN.events.len(), ITEMS);
    for event in &RUN.events {
        for pair in RUN.steps(event).windows(2) {
            let [step, next] = pair else { unreachable!() };
            let (what, then, item) = (step.what, next.what, &event["item"]);
            assert!(step.ended < next.began, "{item}: {then} at {}, but {what} only at {}", next.began, step.ended);
        }
    }
}

#[test]
fn whatever_gets_a_final_name_was_synced_first_captions_too() {
    let renames: Vec<&Call> = RUN.calls.iter().filter(|call| call.name.starts_with("rename")).collect();
    assert!(renames.iter().any(|call| call.text(1).ends_with(".txt")), "no caption was published");
    for rename in renames.iter().filter(|call| Path::new(&call.text(1)).starts_with(&RUN.output)) {
        let from = rename.text(0);
        let of_file = |call: &&&Call| call.target() == from && call.ended < rename.began;
        let written = RUN.calls.iter().filter(|call| call.is_write()).rfind(|call| of_file(&call)).expect(&from);
        let synced = RUN.calls.iter().filter(|call| call.is_sync()).rfind(|call| of_file(&call)).expect(&from);
        assert!(written.ended < synced.began, "{from} was written after its sync");
    }
}

#[test]
fn a_folder_that_was_made_for_a_picture_is_durable_before_the_picture_counts_on_it() {
    for event in &RUN.events {
        let file = RUN.output.join(event["file"].as_str().unwrap());
        let (_, staged) = RUN.published(&file);
        let attempt = attempt_of(&staged);
        for (path, state) in [(staged, "received"), (file, "settled")] {
            let committed = RUN.committed("committed", attempt, state);
            let is_above = |call: &&Call| call.name == "mkdir" && path.starts_with(call.text(0));
            for made in RUN.calls.iter().filter(is_above) {
                let folder = made.text(0);
                let synced = RUN.synced("folder's name synced", made.ended, Path::new(&folder).parent().unwrap());
                assert!(
                    synced.ended < committed.began,
                    "{folder} was not durable before {} was {state}",
                    event["item"]
                );
            }
        }
    }
    let made = RUN.calls.iter().filter(|call| call.name == "mkdir" && call.text(0).contains("/own-")).count();
    assert_eq!(made, ITEMS, "half the items have two folders of their own");
}

#[test]
fn a_draft_leaves_no_trace_and_is_never_synced() {
    let published: Vec<String> =
        RUN.calls.iter().filter(|call| call.name.starts_with("rename")).map(|call| call.text(0)).collect();
    let is_created = |call: &&Call| call.name == "openat" && call.arguments.contains("O_EXCL");
    let staged =
        RUN.calls.iter().filter(is_created).map(|call| call.text(0)).filter(|name| name.contains("/.staging/"));
    for draft in staged.filter(|name| !published.contains(name)) {
        assert!(RUN.calls.iter().any(|call| call.name == "unlink" && call.text(0) == draft), "{draft} was left");
        assert!(!RUN.calls.iter().any(|call| call.is_sync() && call.target() == draft), "{draft} was synced");
    }
}
