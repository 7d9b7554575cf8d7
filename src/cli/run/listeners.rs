//! Who listens to a job's run, and what they are asked when it is over. Never changes the run.

use super::super::logs::LogWriter;
use super::super::{events, open};
use super::settings;
use crate::domain::{Course, Progress, Timestamp};
use crate::job::Job;
use crate::report::{LogLines, Recorder, Reporters, Terminal, WriteFault};

/// Everybody who is told of a job's run.
pub(super) struct Listeners {
    /// They as one.
    pub reporters: Reporters,
    recorder: Recorder,
    events: Option<WriteFault>,
}

impl Listeners {
    /// Those the job asks for; to a quiet run no terminal listens. The command was given at this moment.
    pub fn of(job: &Job, quiet: bool, given: Timestamp, logs: &LogWriter) -> anyhow::Result<Self> {
        let progress = if quiet { Progress::None } else { job.progress };
        let terminal = Terminal::new(progress, job.rehearse, job.end.zone(), settings::frame(job, given)?);
        logs.go_through(terminal.stderr());
        let recorder = Recorder::starting(open::clock().now());
        let mut reporters = Reporters::new();
        let events = events::listen(job, &mut reporters)?;
        reporters.add(LogLines);
        reporters.add(terminal);
        reporters.add(recorder.clone());
        Ok(Self { reporters, recorder, events })
    }

    /// The run over time, as it was so far.
    pub fn course(&self) -> Course {
        self.recorder.course()
    }

    /// The run is over: whatever a listener could not do is an error now that the pictures are safe.
    pub fn told_in_full(self) -> anyhow::Result<()> {
        events::told_in_full(self.events)
    }
}
