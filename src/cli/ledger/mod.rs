//! `overnight ledger`: what was asked, answered, used and paid, for people and for programs. Never waits for a run,
//! never changes anything.

mod account;
mod machine;
mod text;

use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;

use super::args::{LedgerArgs, LedgerFormat};
use super::exit::{Code, UsageError};
use super::status::databases;
use super::{current_dir, open};
use crate::domain::Timestamp;
use crate::job::is_rehearsal;
use account::Account;

pub(super) fn run(args: &LedgerArgs) -> anyhow::Result<Code> {
    let sent = sent(args)?;
    let mut account = Account::by_days_of(args.timezone.clone());
    let asked = databases(&args.workspace, &args.jobs, &current_dir()?)?;
    for (place, (db, jobs)) in grouped(asked).into_iter().enumerate() {
        open::ledger(&db)?.account(&jobs, sent.clone(), &mut |entry| account.enter(place, entry))?;
        account.rehearsed &= is_rehearsal(&db);
    }
    let format = if args.json { LedgerFormat::Json } else { args.format };
    let told = match format {
        LedgerFormat::Text => text::page(&account, args),
        LedgerFormat::Csv => machine::table(&account)?,
        LedgerFormat::Json => machine::document(&account, args)?,
    };
    std::io::stdout().write_all(told.as_bytes())?;
    Ok(Code::Complete)
}

/// The databases asked about, each once, with the jobs asked for, each once.
fn grouped(asked: Vec<(PathBuf, Vec<String>)>) -> Vec<(PathBuf, Vec<String>)> {
    let mut grouped: Vec<(PathBuf, Vec<String>)> = Vec::new();
    for (db, jobs) in asked {
        match grouped.iter_mut().find(|(known, _)| *known == db) {
            Some((_, known)) => known.extend(jobs),
            None => grouped.push((db, jobs)),
        }
    }
    grouped
}

/// The days that were asked for, in words; none if all were.
fn period(args: &LedgerArgs) -> Option<String> {
    match (args.since, args.until) {
        (Some(since), Some(until)) => Some(format!("{since} to {until}, both with it")),
        (Some(since), None) => Some(format!("from {since} on")),
        (None, Some(until)) => Some(format!("to {until}, and with it")),
        (None, None) => None,
    }
}

/// The time from the beginning of the first day to the end of the last.
fn sent(args: &LedgerArgs) -> anyhow::Result<Range<Timestamp>> {
    if let (Some(since), Some(until)) = (args.since, args.until)
        && until < since
    {
        return Err(UsageError(format!(
            "--until {until} lies before --since {since}; give the earlier day to --since"
        ))
        .into());
    }
    let begins = |day: jiff::civil::Date| {
        let begins = day.to_zoned(args.timezone.clone());
        let begins = begins.map(|begins| Timestamp::from_millis(begins.timestamp().as_millisecond()));
        begins
            .map_err(|_| UsageError(format!("{day} lies beyond the calendar; give a day on which something was sent")))
    };
    let since = args.since.map(begins).transpose()?;
    let until = args.until.and_then(|day| day.tomorrow().ok()).map(begins).transpose()?;
    Ok(since.unwrap_or(Timestamp::from_millis(i64::MIN))..until.unwrap_or(Timestamp::from_millis(i64::MAX)))
}
