//! The hooks of a job, at their time: what each occasion is, what is told, and who hears of one that fails. Never changes
//! a run's exit code: scripts rely on its saying how the pictures went.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::info;

use super::super::args::RunArgs;
use super::super::exit::{Code, UsageError};
use super::super::logs::LogWriter;
use super::super::{open, runtime, signals, told};
use super::session::Process;
use crate::domain::{Ending, Summary};
use crate::hooks::{
    Act, Command, EndedRun, Hook, ItemHooks, ItemTeller, Letter, Method, NotRun, Request, Voice, longest,
};
use crate::job::paths::shown;
use crate::job::{self, HookAct, HookHome, HookMethod, Job, Options};
use crate::report::changed_nothing;
use crate::report::words::one_line;
use crate::run::{Stop, given_up};

/// At the end of a run, hooks for items get so long for those that they were not told of yet.
const FOR_THE_REST: Duration = Duration::from_secs(60);
/// So many lines of what a hook said are shown, the last ones.
const MOST_LINES: usize = 20;

/// When hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    Success,
    Failure,
}

/// The hooks of one job.
pub(super) struct Hooked<'a> {
    home: HookHome,
    current_dir: &'a Path,
    voice: Arc<Said>,
}

/// Refuses hooks that lack something which the environment should hold: that is found in the evening, and not when one
/// should have told of a failure. A rehearsal needs no secrets.
pub(in crate::cli) fn check(job: &Job, current_dir: &Path) -> Result<(), UsageError> {
    let home = HookHome::of(job);
    let hooks = &job.hooks;
    let all = [("on_success", &hooks.on_success), ("on_failure", &hooks.on_failure), ("on_item", &hooks.on_item)];
    for (key, hook) in all.into_iter().flat_map(|(key, hooks)| hooks.iter().map(move |hook| (key, hook))) {
        if let (Err(why), false) = (act(&home, hook), job.rehearse) {
            return Err(UsageError(format!(
                "{}: `hooks.{key}`: {why}; nothing was sent",
                place(&home, hook, current_dir)
            )));
        }
    }
    Ok(())
}

/// No job could be read, or not all: those hooks are told that can be made out. The error itself is told here as well.
pub(super) fn refused(args: &RunArgs, current_dir: &Path, error: &anyhow::Error) -> anyhow::Result<Code> {
    let code = told(error);
    let homes = args.targets.iter().filter_map(|target| HookHome::salvaged(target, &args.options, current_dir));
    let homes: Vec<_> = homes.filter(|home| !home.hooks.on_failure.is_empty()).collect();
    if !homes.is_empty() {
        runtime()?.block_on(async {
            // As in a run: the first one lets them finish, the second ends them.
            let stop = signals::listen(|| {})?;
            for home in homes {
                let hooked = Hooked::of(home, current_dir, LogWriter::default(), args.told.quiet);
                hooked.not_run(code, &error.to_string(), stop.clone()).await;
            }
            anyhow::Ok(())
        })?;
    }
    Ok(code)
}

/// The file of a job that is to start by itself cannot be read: those of its hooks are told that can be made out.
pub(in crate::cli) async fn faulty(file: &Path, options: &Options, process: &Process, quiet: bool, message: &str) {
    if let Some(home) = HookHome::salvaged(file, options, &process.current_dir) {
        let hooked = Hooked::of(home, &process.current_dir, process.logs.clone(), quiet);
        hooked.not_run(Code::Usage, message, process.stop.clone()).await;
    }
}

/// How long it may take until everybody is told of a run that was stopped.
pub(in crate::cli) fn time_to_tell(hooks: &job::Hooks) -> Duration {
    let items = if hooks.on_item.is_empty() { Duration::ZERO } else { FOR_THE_REST };
    let is_request = |hook: &job::Hook| matches!(hook.act, HookAct::Request { .. });
    hooks.on_failure.iter().fold(items, |time, hook| time + longest(is_request(hook), hook.timeout))
}

impl<'a> Hooked<'a> {
    /// The hooks of the job that is at home here.
    pub fn of(home: HookHome, current_dir: &'a Path, logs: LogWriter, quiet: bool) -> Self {
        let voice = Arc::new(Said { job: home.job.clone(), logs, quiet });
        Self { home, current_dir, voice }
    }

    /// Sets those to work that are told of items, if there are any.
    pub fn items(&self, job: &Job, stop: watch::Receiver<Stop>) -> Option<(ItemHooks, ItemTeller)> {
        if self.home.hooks.on_item.is_empty() {
            return None;
        }
        let hooks = self.home.hooks.on_item.iter().map(|hook| self.made("on_item", hook)).collect();
        let voice = Arc::clone(&self.voice) as Arc<dyn Voice>;
        Some(ItemHooks::start(hooks, &job.name, &job.output, job.rehearse, voice, given_up(stop)))
    }

    /// Waits for those, as long as is right.
    pub async fn finish(&self, items: Option<ItemHooks>) {
        if let Some(items) = items {
            items.finish(FOR_THE_REST).await;
        }
    }

    /// Tells that the job's run ended so; `error` is what went wrong after the pictures were made.
    pub async fn ended(
        &self,
        job: &Job,
        summary: &Summary,
        error: Option<&str>,
        code: Code,
        stop: watch::Receiver<Stop>,
    ) {
        // Who paused the job knows that it is.
        let is_paused = matches!(summary.ending, Ending::Paused { .. });
        let occasion = occasion(code, changed_nothing(summary)).filter(|_| !is_paused);
        let hooks = self.hooks_for(occasion);
        if hooks.is_empty() {
            return;
        }
        // Without the causes the rest is still worth telling.
        let groups = open::ledger(&job.db).and_then(|ledger| ledger.failures(&job.name)).unwrap_or_default();
        let letter = EndedRun {
            job: &job.name,
            job_file: job.file.as_deref(),
            output: &job.output,
            time: open::clock().now(),
            summary,
            groups: &groups,
            error,
            exit_code: code.number(),
            rehearsal: job.rehearse,
        };
        self.run(&hooks, &letter.letter(), stop).await;
    }

    /// Tells that the job's run did not begin.
    pub async fn not_run(&self, code: Code, message: &str, stop: watch::Receiver<Stop>) {
        let hooks = self.hooks_for(occasion(code, true));
        let letter = NotRun {
            job: &self.home.job,
            job_file: self.home.file.as_deref(),
            output: self.home.output.as_deref(),
            time: open::clock().now(),
            message,
            exit_code: code.number(),
            rehearsal: self.home.rehearsal,
        };
        self.run(&hooks, &letter.letter(), stop).await;
    }

    /// One after the other, in the order in which they are written; none keeps the next from being run.
    async fn run(&self, hooks: &[Hook], letter: &Letter, stop: watch::Receiver<Stop>) {
        let all = async {
            for hook in hooks {
                hook.run_aloud(letter, &*self.voice).await;
            }
        };
        tokio::select! {
            () = all => {}
            () = given_up(stop) => {}
        }
    }

    fn hooks_for(&self, occasion: Option<Occasion>) -> Vec<Hook> {
        let (key, hooks) = match occasion {
            Some(Occasion::Success) => ("on_success", &self.home.hooks.on_success),
            Some(Occasion::Failure) => ("on_failure", &self.home.hooks.on_failure),
            None => return Vec::new(),
        };
        hooks.iter().map(|hook| self.made(key, hook)).collect()
    }

    fn made(&self, key: &str, hook: &job::Hook) -> Hook {
        let name = format!("{key} ({})", place(&self.home, hook, self.current_dir));
        let act = act(&self.home, hook).unwrap_or_else(Act::Unready);
        tokio::task::block_in_place(|| Hook::new(name, act, hook.timeout))
    }
}

/// Where a hook is written, as an editor finds it.
fn place(home: &HookHome, hook: &job::Hook, current_dir: &Path) -> String {
    let file = home.file.as_deref().map(|file| shown(file, current_dir)).unwrap_or_default();
    let column = hook.place.column.map(|column| format!(":{column}")).unwrap_or_default();
    format!("{}:{}{column}", one_line(&file), hook.place.line)
}

/// What a run that ended with this code is to its hooks; nothing where it is no news, or somebody else tells.
fn occasion(code: Code, nothing_to_do: bool) -> Option<Occasion> {
    match code {
        Code::Complete => (!nothing_to_do).then_some(Occasion::Success),
        Code::Held | Code::Interrupted => None,
        _ => Some(Occasion::Failure),
    }
}

/// What a hook does, with all that it takes from the environment.
fn act(home: &HookHome, hook: &job::Hook) -> Result<Act, String> {
    let command = |program: &str, arguments: Vec<String>| {
        let (folder, without) = (home.workspace.clone(), home.key_variables.clone());
        Act::Command(Command { program: program.to_owned(), arguments, folder, without })
    };
    Ok(match &hook.act {
        HookAct::Shell(line) => command("sh", vec!["-c".to_owned(), line.0.clone()]),
        HookAct::Program(words) => match words.0.split_first() {
            Some((program, arguments)) => command(program, arguments.to_vec()),
            None => return Err("the command is empty; write one".to_owned()),
        },
        HookAct::Request { address, method, headers } => Act::Request(Request {
            url: address.read().map_err(|error| error.to_string())?,
            method: match method {
                HookMethod::Post => Method::POST,
                HookMethod::Put => Method::PUT,
                HookMethod::Get => Method::GET,
            },
            headers: headers.read().map_err(|error| error.to_string())?,
            ca_file: home.ca_file.clone(),
        }),
    })
}

/// Says on stderr what hooks have to say.
struct Said {
    job: String,
    logs: LogWriter,
    quiet: bool,
}

impl Said {
    fn say(&self, lines: &str) {
        // The run is what it is, heard or not.
        let _ = self.logs.clone().write_all(lines.as_bytes());
    }
}

impl Voice for Said {
    fn trouble(&self, hook: &str, what: &str, output: &str) {
        info!(job = self.job, hook, trouble = what, "hook failed");
        let job = one_line(&self.job);
        self.say(&format!("warning: {job}: the hook {hook}: {}\n{}", one_line(what), lines(output, "  | ")));
    }

    fn output(&self, hook: &str, output: &str) {
        info!(job = self.job, hook, "hook done");
        if !self.quiet {
            self.say(&lines(output, &format!("{}: {hook}: ", one_line(&self.job))));
        }
    }

    fn note(&self, what: &str) {
        if !self.quiet {
            self.say(&format!("{}: {what}\n", one_line(&self.job)));
        }
    }
}

/// What a hook said, harmless for a terminal, each line behind this.
fn lines(output: &str, before: &str) -> String {
    let told: Vec<String> = output.lines().map(one_line).filter(|line| !line.is_empty()).collect();
    let last = &told[told.len().saturating_sub(MOST_LINES)..];
    last.iter().map(|line| format!("{before}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_hooks_but_for_those_that_are_no_news() {
        let told = |code| (occasion(code, false), occasion(code, true));
        assert_eq!(told(Code::Complete), (Some(Occasion::Success), None));
        assert_eq!((told(Code::Held), told(Code::Interrupted)), ((None, None), (None, None)));
        for code in [
            Code::Usage,
            Code::Terminated,
            Code::Unexpected,
            Code::Pipe,
            Code::Halted,
            Code::Budget,
            Code::Deadline,
            Code::Limit,
            Code::SomeFailed,
        ] {
            assert_eq!(told(code), (Some(Occasion::Failure), Some(Occasion::Failure)), "{code:?}");
        }
    }

    #[test]
    fn what_a_hook_says_cannot_harm_the_terminal_and_has_an_end() {
        assert_eq!(lines("\u{1b}[2Jone\n\n\rtwo\u{7}\n", "> "), "> one\n> two\n");
        let many = (0..100).map(|number| format!("{number}\n")).collect::<String>();
        assert!(lines(&many, "").starts_with("80\n81\n") && lines(&many, "").ends_with("99\n"));
    }
}
