//! What was found, as people read it. Never shows a million names.

use crate::queue::JobStatus;
use crate::report::words::{count, counted, one_line, wrap};
use crate::verify::{Findings, Names};

/// What the page is laid out for, wherever it is read; names of files may be longer.
const WIDTH: usize = 80;

/// The whole page, with a line end behind the last line. `next` is what to type then, in
/// its last line, below what it is for.
pub(super) fn page(job: &JobStatus, findings: &Findings, next: Vec<String>) -> String {
    let mut lines = vec![headline(job, findings)];
    let sections = [
        ("missing", "nothing lies there any more", &findings.missing),
        ("truncated", "only the beginning lies there", &findings.truncated),
        (
            "changed",
            "something else lies there than was kept; to keep it, do nothing; to have the first one again, delete it, then verify --requeue",
            &findings.changed,
        ),
        ("orphaned", "no item has them; keep, move or delete them", &findings.orphaned),
        ("staged", "left behind in staging; the next run sweeps it", &findings.staged),
    ];
    for (name, what, names) in sections {
        section(&mut lines, name, what, names);
    }
    if let Some((command, purposes)) = next.split_last() {
        lines.extend([String::new(), "Next:".to_owned()]);
        lines.extend(purposes.iter().map(|purpose| format!("  # {purpose}")));
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
    lines.push(String::new());
    lines.extend(wrap(&format!("{name}, {}: {what}", count(names.count())), WIDTH));
    let shown = names.sorted();
    lines.extend(shown.iter().map(|file| format!("  {}", one_line(file))));
    let untold = names.count() - shown.len() as u64;
    if untold > 0 {
        lines.push(format!("  and {} more; --json lists all", count(untold)));
    }
}
