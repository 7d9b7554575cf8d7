//! What was found, a line each, for people and for programs. Never holds a key.

use serde::Serialize;

use crate::report::words::{counted, one_line};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Good to know; the night goes on with it.
    Note,
    /// The night would not.
    Fault,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fault => "fault",
        }
    }
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: Vec<Line>,
    subject: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    level: Level,
    check: &'static str,
    message: String,
    /// The jobs it is about; none if it is about the machine.
    jobs: Vec<String>,
}

impl Findings {
    /// What follows is about this job.
    pub fn about(&mut self, job: &str) {
        self.subject = Some(one_line(job));
    }

    /// One more; what is the same for several jobs is told once.
    pub fn add(&mut self, level: Level, check: &'static str, message: &str) {
        let message = one_line(message);
        let same = |line: &&mut Line| (line.level, line.check, &line.message) == (level, check, &message);
        match self.lines.iter_mut().find(same) {
            Some(line) => line.jobs.extend(self.subject.clone()),
            None => self.lines.push(Line { level, check, message, jobs: self.subject.iter().cloned().collect() }),
        }
    }

    /// Whether the night would go wrong.
    pub fn has_faults(&self) -> bool {
        self.number(Level::Fault) > 0
    }

    fn number(&self, level: Level) -> u64 {
        self.lines.iter().filter(|line| line.level == level).count() as u64
    }

    /// A line each, the jobs behind it where there are several, and what it comes to.
    pub fn page(&self, several: bool) -> String {
        let width = self.lines.iter().map(|line| line.check.len()).max().unwrap_or_default();
        let line = |line: &Line| {
            let jobs =
                if several && !line.jobs.is_empty() { format!(" [{}]", line.jobs.join(", ")) } else { String::new() };
            format!("{:<5}  {:<width$}  {}{jobs}\n", line.level.as_str(), line.check, line.message)
        };
        let lines: String = self.lines.iter().map(line).collect();
        let notes = counted(self.number(Level::Note), "note", "notes");
        lines
            + &match self.number(Level::Fault) {
                0 => format!("nothing is at fault, {notes}\n"),
                faults => format!("{}, {notes}\n", counted(faults, "fault", "faults")),
            }
    }

    /// One line of JSON.
    pub fn document(&self) -> anyhow::Result<String> {
        #[derive(Serialize)]
        struct Document<'a> {
            faults: u64,
            notes: u64,
            checks: &'a [Line],
        }
        let document =
            Document { faults: self.number(Level::Fault), notes: self.number(Level::Note), checks: &self.lines };
        Ok(serde_json::to_string(&document)? + "\n")
    }
}
