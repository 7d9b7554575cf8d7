//! How jobs stand, in words. Never printed here.

use super::{Standing, forecast};
use crate::domain::{PriceList, PriceSource, Timestamp, Usd};
use crate::queue::{JobStatus, Reviewed};
use crate::report::rest::Rest;
use crate::report::shape::rfc3339;
use crate::report::words::{count, counted, duration, from_to, money, one_line};

/// Some lines a job.
pub(super) fn as_text(jobs: &[Standing], now: Timestamp) -> String {
    if jobs.is_empty() {
        return "no jobs yet\n".to_owned();
    }
    jobs.iter().map(|job| job_lines(job, now)).collect()
}

fn job_lines(Standing { status, rest, rehearsal }: &Standing, now: Timestamp) -> String {
    let images = counted(status.images, "picture", "pictures");
    let attempts = counted(status.attempts, "attempt", "attempts");
    let lost = match (status.lost_attempts, *rehearsal) {
        (0, _) => String::new(),
        (lost, true) => format!(", {} of them lost", count(lost)),
        (lost, false) => format!(", {} of them lost: maybe billed", count(lost)),
    };
    [
        format!("{}: {}\n", one_line(&status.job), standing(status, *rest, now)),
        last_run(status).map_or_else(String::new, |how| format!("  last run    {how}\n")),
        format!("  items       {}\n", items(status)),
        format!("  made        {images}, {attempts}{lost}\n"),
        format!("  cost        {}\n", cost(status, *rehearsal)),
        status.review.map_or_else(String::new, |reviewed| format!("  review      {}\n", review(reviewed))),
        format!("  pictures    {}\n", one_line(&status.output.display().to_string())),
    ]
    .concat()
}

/// How far the review is.
fn review(reviewed: Reviewed) -> String {
    let Reviewed { approved, rejected, favourites, sent_back, open } = reviewed;
    let sorts = [
        (approved, format!("{} approved", count(approved))),
        (rejected, format!("{} rejected", count(rejected))),
        (favourites, counted(favourites, "favourite", "favourites")),
        (sent_back, format!("{} sent back", count(sent_back))),
    ];
    let mut clauses: Vec<String> =
        sorts.into_iter().filter(|(number, _)| *number > 0).map(|(_, clause)| clause).collect();
    clauses.push(if open > 0 { format!("{} open", count(open)) } else { "nothing open".to_owned() });
    clauses.join(", ")
}

/// What is spent, what may be billed yet, and what it will come to.
fn cost(status: &JobStatus, rehearsal: bool) -> String {
    let Some(held) = status.money() else {
        return if rehearsal { "nothing, this is a rehearsal".to_owned() } else { "unknown".to_owned() };
    };
    let spent = money(held.settled);
    let mut words = match (rehearsal, source(status)) {
        (true, Some(source)) => format!("nothing, this is a rehearsal; {source} it would be {spent}"),
        (true, None) => format!("nothing, this is a rehearsal; it would be {spent}"),
        (false, Some(source)) => format!("{spent} {source}"),
        (false, None) => spent,
    };
    if held.reserved > Usd::ZERO {
        words += &format!(", {} reserved", money(held.reserved));
    }
    if held.lost > Usd::ZERO {
        words += &format!(", {} for lost attempts", money(held.lost));
    }
    match forecast(status).filter(|_| status.counts.left() > 0) {
        Some(sum) => format!("{words}, about {} in all", money(sum)),
        None => words,
    }
}

/// Whose price all was counted with, where it was one's.
fn source(status: &JobStatus) -> Option<String> {
    Some(match status.price_source? {
        PriceSource::Given => "at the given price".to_owned(),
        PriceSource::Listed => format!("at the list price of {}", PriceList::LISTED),
    })
}

fn standing(status: &JobStatus, rest: Option<Rest>, now: Timestamp) -> String {
    if let Some(paused) = paused(status, now) {
        return paused;
    }
    match (status.running_since, status.counts.left(), status.counts.failed_total()) {
        (Some(since), ..) => {
            let left = rest.map(|rest| format!(", about {} left", from_to(rest))).unwrap_or_default();
            format!("a run is on, for {}{left}", duration(now.since(since)))
        }
        (None, left, _) if status.awaits_approval => {
            format!("the pilot waits for `overnight approve {}`, {} left to do", one_line(&status.job), count(left))
        }
        (None, 0, 0) => "finished".to_owned(),
        (None, 0, _) => "finished, with failures".to_owned(),
        (None, left, _) => format!("{} left to do", count(left)),
    }
}

/// That a person paused it, and since when.
fn paused(status: &JobStatus, now: Timestamp) -> Option<String> {
    let since = status.paused_since?;
    let for_so_long = duration(now.since(since));
    let resume = format!("`overnight resume {}` lets it go on", one_line(&status.job));
    let left = count(status.counts.left());
    Some(match status.running_since {
        Some(run) => format!(
            "a run is on, for {}, paused since {} ({for_so_long}); {resume}",
            duration(now.since(run)),
            rfc3339(since)
        ),
        None if status.counts.left() == 0 => format!("finished, paused since {} ({for_so_long})", rfc3339(since)),
        None => format!("paused since {} ({for_so_long}), {left} left to do; {resume}", rfc3339(since)),
    })
}

/// Why the last run ended before all was done, and how to go on.
fn last_run(status: &JobStatus) -> Option<&'static str> {
    if status.running_since.is_some() || status.counts.left() == 0 {
        return None;
    }
    match status.last_ending.as_deref()? {
        "budget" => Some("ended by a money cap: run again with a higher one, or when its day or month is over"),
        "deadline" => Some("ended by its deadline: the same command goes on"),
        "paused" if status.paused_since.is_some() => Some("sent nothing, for the job is paused"),
        "paused" => Some("sent nothing, for the job was paused: the same command goes on"),
        "limit" => Some("ended by a limit it was given: the same command goes on"),
        "halted" => {
            Some("halted by the key, the account or a used-up day: the same command goes on when that is mended")
        }
        _ => None,
    }
}

/// Items by state. A run claims some ahead: for people these are queued, and running is what is in flight.
fn items(status: &JobStatus) -> String {
    let counts = &status.counts;
    let mut clauses = vec![format!("{} done of {}", count(counts.done), count(counts.total()))];
    let (queued, running, what) = match status.running_since {
        Some(_) => {
            let in_flight = status.in_flight.min(counts.running);
            (counts.left() - in_flight, in_flight, "running")
        }
        None => (counts.queued, counts.running, "in hand when their run died: run again"),
    };
    for (number, what) in [(queued, "queued"), (counts.cancelled, "cancelled"), (running, what)] {
        if number > 0 {
            clauses.push(format!("{} {what}", count(number)));
        }
    }
    clauses.extend(counts.failed.iter().map(|(kind, number)| format!("{} {kind}", count(*number))));
    clauses.join(", ")
}
