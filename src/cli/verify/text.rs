//! What was found, as people read it. Never shows a million names.

use crate::queue::JobStatus;
use crate::report::words::{count, counted, one_line};
use crate::verify::{Findings, Names};

/// The whole page, with a line end behind the last line. `next` is the command that mends.
pub(super) fn page(job: &JobStatus, findings: &Findings, next: Option<String>) -> String {
    let mut lines = vec![headline(job, findings)];
    let sections = [
        ("missing", "nothing lies there any more", &findings.missing),
        ("truncated", "only the beginning lies there", &findings.truncated),
        ("changed", "something else lies there than was kept", &findings.changed),
        ("orphaned", "no item has them", &findings.orphaned),
        ("staged", "left behind in staging; the next run sweeps it", &findings.staged),
    ];
    for (name, what, names) in sections {
        section(&mut lines, name, what, names);
    }
    if let Some(command) = next {
        lines.extend([String::new(), "Next:".to_owned()]);
        lines.push(
            "  # puts back what is missing or truncated, for the next run to make; writes captions again".to_owned(),
        );
        lines.push(format!("  {command}"));
    }
    lines.join("\n") + "\n"
}

fn headline(job: &JobStatus, findings: &Findings) -> String {
    let files = counted(findings.checked, "file", "files");
    let items = counted(job.counts.done, "item", "items");
    let verdict = match findings.total() {
        0 => "all as they were kept".to_owned(),
        total => counted(total, "finding", "findings"),
    };
    format!("{}: {files} of {items} checked, {verdict}", one_line(&job.job))
}

fn section(lines: &mut Vec<String>, name: &str, what: &str, names: &Names) {
    if names.count() == 0 {
        return;
    }
    lines.extend([String::new(), format!("{name}, {}: {what}", count(names.count()))]);
    let shown = names.sorted();
    lines.extend(shown.iter().map(|file| format!("  {}", one_line(file))));
    let untold = names.count() - shown.len() as u64;
    if untold > 0 {
        lines.push(format!("  and {} more; --json lists all", count(untold)));
    }
}
