//! What is said when a run has ended: why it did, where the pictures are, and what failed. Never writes it anywhere.

use std::path::Path;

use crate::domain::event::Interrupt;
use crate::domain::{Ending, FailureGroup, Held, Summary, Usd};

use super::next::next;
use super::rate::per_minute;
use super::words::{count, counted, duration, money, one_line, rate, signal, wrap};

/// Where the facts stand, behind their names.
const INDENT: usize = 12;
/// So many causes are named, the commonest first; the results tell all of them.
const MOST_GROUPS: usize = 8;
/// A group's message gets so many lines; `overnight show` has all of it.
const MESSAGE_LINES: usize = 3;

/// Everything the closing words need to know.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// The job's name.
    pub job: &'a str,
    /// The program as it was called: `overnight`, or its path.
    pub program: &'a str,
    /// What was given to it, as it was typed: the same words again go on.
    pub arguments: &'a [String],
    /// What to give to the commands that take a JOB: its name, or its file if its workspace is elsewhere.
    pub job_argument: &'a str,
    /// Further words these commands need to find the same job, such as `--db` and its path. `--rehearse` is not one:
    /// it follows from `rehearsal`.
    pub flags: &'a [String],
    /// Where the pictures are.
    pub output: &'a Path,
    /// The run in figures.
    pub summary: &'a Summary,
    /// What the job has cost and may have cost, over all its runs.
    pub so_far: Held,
    /// What the job will have cost when all its items have ended, where that can be told.
    pub in_all: Option<Usd>,
    /// Whether the command was given no other job.
    pub is_alone: bool,
    /// The time of day from which the same command goes on, where that is why it ended.
    pub goes_on_from: Option<&'a str>,
    /// Since when the job is paused, as its clock shows it, where that is why the run sent nothing.
    pub paused_since: Option<&'a str>,
    /// The job's failed items, the largest group first.
    pub groups: &'a [FailureGroup],
    /// When the list price that was counted with was looked up, such as `2026-11`; none if the user gave the price.
    pub list_price_of: Option<&'a str>,
    /// Whether a simulator answered, so that nothing was paid.
    pub rehearsal: bool,
    /// Lines are at most so wide, but for paths, single words of commands and the closing line, which must stay in one
    /// piece.
    pub columns: usize,
}

/// The closing words of a run, with a line end behind the last.
pub fn closing(closing: &Closing) -> String {
    let mut lines = vec![headline(closing.job, closing.summary, closing.paused_since)];
    if let Ending::Budget(reached) = closing.summary.ending {
        let why = wrap(&reached.why(), closing.columns.saturating_sub("  ".len()));
        lines.extend(why.iter().map(|line| format!("  {line}")));
    }
    let facts = facts(closing);
    if !facts.is_empty() {
        lines.push(String::new());
        lines.extend(facts);
    }
    let next = next(closing);
    if !next.is_empty() {
        lines.push(String::new());
        lines.push("Next:".into());
        lines.extend(next);
    }
    if let Some(cause) = cause(&closing.summary.ending) {
        lines.push(String::new());
        lines.push(cause);
    }
    lines.join("\n") + "\n"
}

/// Why the run could not go on, in the one line a person has to act on.
fn cause(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Halted(failure) => Some(format!("halted: {}", one_line(&failure.message))),
        Ending::Broken(message) => Some(format!("error: {}", one_line(message))),
        // Why a cap ended it stands below the headline.
        Ending::Budget(_) | Ending::Complete | Ending::Limit(_) | Ending::Deadline(_) => None,
        Ending::Pilot | Ending::Paused { .. } | Ending::Interrupted(_) => None,
    }
}

/// How the job stands, in a clause that begins with its name; since when a person had paused it, where that is told.
pub(super) fn headline(job: &str, summary: &Summary, paused_since: Option<&str>) -> String {
    let job = one_line(job);
    let counts = &summary.counts;
    let (all, left) = (counts.total() - counts.cancelled, counts.left());
    let items = counted(all, "item", "items");
    match &summary.ending {
        Ending::Halted(_) => format!("{job}: halted, {} of {items} still queued", count(left)),
        Ending::Broken(_) => format!("{job}: broken off, {} of {items} left", count(left)),
        Ending::Interrupted(Interrupt::Int) => format!("{job}: stopped by Ctrl-C, {} of {items} left", count(left)),
        Ending::Interrupted(by) => format!("{job}: stopped by {}, {} of {items} left", signal(*by), count(left)),
        Ending::Limit(flag) | Ending::Deadline(flag) => {
            format!("{job}: stopped by {}, {} of {items} left", option(flag), count(left))
        }
        Ending::Budget(_) => format!("{job}: the money cap is reached, {} of {items} left", count(left)),
        Ending::Pilot => format!("{job}: the pilot is finished, {} of {items} wait for your approval", count(left)),
        Ending::Paused { .. } => {
            let since = paused_since.map(|since| format!(" since {since}")).unwrap_or_default();
            format!("{job}: paused{since}, {} of {items} left, and nothing was sent", count(left))
        }
        Ending::Complete if summary.narrowed.is_some() && left > 0 => format!("{job}: {}", of_chosen(summary)),
        Ending::Complete if changed_nothing(summary) => format!("{job}: nothing to do: {}", standing(summary)),
        Ending::Complete if counts.failed_total() > 0 => {
            let failed = count(counts.failed_total());
            format!("{job}: finished, but {failed} of {items} failed")
        }
        Ending::Complete if all == 1 => format!("{job}: the one item is done"),
        Ending::Complete => format!("{job}: all {items} are done"),
    }
}

/// The job in one clause: `22 of 24 done, 2 failed`.
fn standing(summary: &Summary) -> String {
    let counts = &summary.counts;
    let all = counts.total() - counts.cancelled;
    let mut clause = format!("{} of {} done", count(counts.done), count(all));
    for (number, what) in [(counts.failed_total(), "failed"), (counts.cancelled, "cancelled")] {
        if number > 0 {
            clause += &format!(", {} {what}", count(number));
        }
    }
    clause
}

/// How a narrowed run stands that leaves others waiting: `the 20 chosen items are finished, 980 others wait`.
fn of_chosen(summary: &Summary) -> String {
    let chosen = summary.narrowed.map_or(0, |narrowed| narrowed.chosen);
    let nothing = if changed_nothing(summary) { "nothing to do: " } else { "" };
    let finished = match chosen {
        1 => "the one chosen item is finished".to_owned(),
        _ => format!("the {} chosen items are finished", count(chosen)),
    };
    format!("{nothing}{finished}, {}", counted(summary.counts.left(), "other waits", "others wait"))
}

/// Whether a run found nothing to do.
pub fn changed_nothing(summary: &Summary) -> bool {
    summary.attempts == 0 && summary.done == 0 && summary.failed == 0
}

fn facts(closing: &Closing) -> Vec<String> {
    let mut facts = Vec::new();
    if closing.summary.counts.done > 0 {
        facts.push(fact("pictures", &one_line(&closing.output.display().to_string())));
    }
    if closing.summary.ending == Ending::Pilot {
        facts.push(fact("look at", &one_line(&closing.output.join("index.html").display().to_string())));
    }
    if !changed_nothing(closing.summary) {
        facts.extend(run_facts(closing));
    }
    for (index, group) in closing.groups.iter().take(MOST_GROUPS).enumerate() {
        let name = if index == 0 { "failed" } else { "" };
        facts.extend(group_lines(name, group, closing.columns));
    }
    let more = closing.groups.len().saturating_sub(MOST_GROUPS) as u64;
    if more > 0 {
        facts.push(fact("", &format!("and {}: see results.csv", counted(more, "more cause", "more causes"))));
    }
    facts
}

fn run_facts(closing: &Closing) -> Vec<String> {
    let Closing { summary, .. } = closing;
    let mut facts = wrapped_fact("this run", &this_run(summary), usize::MAX, closing.columns);
    if summary.counts.done != summary.done || summary.counts.failed_total() != summary.failed {
        facts.extend(wrapped_fact("so far", &standing(summary), usize::MAX, closing.columns));
    }
    if summary.lost > 0 {
        facts.extend(wrapped_fact("lost", &lost(closing), usize::MAX, closing.columns));
    }
    facts.extend(wrapped_fact("cost", &cost(closing), usize::MAX, closing.columns));
    if let Some(sum) = closing.in_all.filter(|_| summary.counts.left() > 0) {
        let left = counted(summary.counts.left(), "item that is", "items that are");
        let words = format!("about {} with the {left} left", money(sum));
        facts.extend(wrapped_fact("in all", &words, usize::MAX, closing.columns));
    }
    facts
}

/// What this run did, in which time and how fast.
fn this_run(summary: &Summary) -> String {
    let mut clause = format!("{} done", count(summary.done));
    if summary.images > summary.done {
        clause += &format!(" ({})", counted(summary.images, "picture", "pictures"));
    }
    if summary.failed > 0 {
        clause += &format!(", {} failed", count(summary.failed));
    }
    clause += &format!(" in {}", duration(summary.took));
    if let Some(pace) = per_minute(summary.done, summary.took) {
        clause += &format!(", {} a minute", rate(pace));
    }
    clause
}

fn lost(closing: &Closing) -> String {
    let lost = closing.summary.lost;
    let got_none = format!("{} got no whole answer", counted(lost, "request", "requests"));
    let most = match closing.summary.held.lost {
        Usd::ZERO => String::new(),
        sum => format!(", {} at most", money(sum)),
    };
    match (closing.rehearsal, lost) {
        (true, _) => got_none,
        (false, 1) => got_none + ": it may have been billed" + &most,
        (false, _) => got_none + ": they may have been billed" + &most,
    }
}

fn cost(closing: &Closing) -> String {
    let source = match closing.list_price_of {
        Some(month) => format!("at the list price of {month}"),
        None => "at the given price".into(),
    };
    match (closing.summary.cost.map(money), closing.rehearsal) {
        (None, true) => "nothing was paid".into(),
        (None, false) if closing.summary.images == 0 => "none that is known: no picture came".into(),
        (None, false) => "unknown: no price is known for this model".into(),
        (Some(cost), true) => format!("nothing was paid; {source} it would be {cost}{}", so_far(closing)),
        (Some(cost), false) if closing.so_far.settled > closing.summary.held.settled => {
            format!("{cost}{}, {source}", so_far(closing))
        }
        (Some(cost), false) => format!("{cost} {source}"),
    }
}

/// What the job has cost with its earlier runs, where it had any that cost something.
fn so_far(closing: &Closing) -> String {
    match closing.so_far.settled {
        all if all > closing.summary.held.settled => format!(" in this run, {} so far", money(all)),
        _ => String::new(),
    }
}

/// A group of failures: how many of which kind, why, and which.
fn group_lines(name: &str, group: &FailureGroup, columns: usize) -> Vec<String> {
    let why = format!("{} {}: {}", count(group.items), group.kind, one_line(&group.message));
    let mut lines = wrapped_fact(name, &why, MESSAGE_LINES, columns);
    let examples: Vec<String> = group.examples.iter().map(|item| one_line(item)).collect();
    if examples.is_empty() {
        return lines;
    }
    let mut which = format!("→ {}", examples.join(", "));
    let rest = group.items.saturating_sub(examples.len() as u64);
    if rest > 0 {
        which += &format!(" and {} more", count(rest));
    }
    lines.extend(wrapped_fact("", &which, MESSAGE_LINES, columns));
    lines
}

fn option(flag: &str) -> String {
    format!("--{}", flag.trim_start_matches('-'))
}

fn fact(name: &str, text: &str) -> String {
    format!("  {name:<width$}{text}", width = INDENT - 2)
}

/// A fact over several lines, at most `most` of them; from the second on they hang in a little.
fn wrapped_fact(name: &str, text: &str, most: usize, columns: usize) -> Vec<String> {
    let mut lines = wrap(text, columns.saturating_sub(INDENT + 2));
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    let indented = |(index, line): (usize, &String)| match index {
        0 => fact(name, line),
        _ => fact("", &format!("  {line}")),
    };
    lines.iter().enumerate().map(indented).collect()
}
