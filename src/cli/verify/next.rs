//! What to type after a verification: the command that mends, then the run that makes. Never says what was found.

use std::path::Path;

use super::super::args::VerifyArgs;
use super::super::{current_dir, open, program};
use crate::domain::{PriceSource, Timestamp, Usd};
use crate::job::{Located, is_rehearsal};
use crate::queue::JobStatus;
use crate::report::words::{counted, money, one_line, shell_word};
use crate::verify::Findings;

/// Whether there is anything to type.
pub(super) fn is_any(args: &VerifyArgs, findings: &Findings) -> bool {
    match args.requeue {
        true => findings.put_back > 0,
        false => findings.pictureless + findings.captionless > 0,
    }
}

/// The next command, below what it is for.
pub(super) fn lines(
    args: &VerifyArgs,
    located: &Located,
    job: &JobStatus,
    findings: &Findings,
) -> anyhow::Result<Vec<String>> {
    if args.requeue {
        let pictures = counted(findings.put_back, "picture", "pictures");
        let purpose = format!("makes {pictures} again{}", price(located, job, findings.put_back)?);
        return Ok(vec![purpose, run(args, located, job)?]);
    }
    let mut lines = Vec::new();
    if findings.pictureless > 0 {
        let pictures = counted(findings.pictureless, "picture", "pictures");
        let price = price(located, job, findings.pictureless)?;
        lines.push(format!("has the next run make {pictures} again{price}"));
    }
    if findings.captionless > 0 {
        lines.push(format!("writes {} again, for nothing", counted(findings.captionless, "caption", "captions")));
    }
    lines.push(command(args, &["verify", &args.job, "--requeue"]));
    Ok(lines)
}

/// What so many items will cost, by what the job's answers cost so far.
fn price(located: &Located, job: &JobStatus, items: u64) -> anyhow::Result<String> {
    if is_rehearsal(&located.db) {
        return Ok(", for nothing: this is a rehearsal".to_owned());
    }
    let (mut cost, mut made) = (Usd::ZERO, 0);
    let all = Timestamp::from_millis(i64::MIN)..Timestamp::from_millis(i64::MAX);
    open::ledger(&located.db)?.account(std::slice::from_ref(&job.job), all, &mut |entry| {
        if let Some(paid) = entry.cost.filter(|_| entry.end.is_settled() && entry.images.is_some_and(|it| it > 0)) {
            cost += paid;
            made += 1;
        }
    })?;
    let Some(each) = cost.nanos().checked_div(made) else { return Ok(", at a price that nobody knows".to_owned()) };
    let price = match job.price_source {
        Some(PriceSource::Given) => " at the given price",
        Some(PriceSource::Listed) => " at the list price",
        None => "",
    };
    Ok(format!(", about {}{price}", money(Usd::from_nanos(each).times(items))))
}

/// The command that runs the job: by the words it was named with, or by what a name is likely to stand for.
fn run(args: &VerifyArgs, located: &Located, job: &JobStatus) -> anyhow::Result<String> {
    let here = current_dir()?;
    if here.join(&args.job).is_file() {
        return Ok(command(args, &["run", &args.job]));
    }
    let workspace = located.db.parent().unwrap_or(Path::new("/"));
    let job_file = workspace.join("jobs").join(format!("{}.toml", located.name));
    let target = if job_file.is_file() { &job_file } else { &job.manifest };
    if !target.is_file() {
        return Ok(format!("the command that ran {} before", one_line(&job.job)));
    }
    let target = target.strip_prefix(&here).unwrap_or(target).to_string_lossy();
    Ok(command(args, &["run", &target]))
}

/// A command of this program in the same workspace.
fn command(args: &VerifyArgs, words: &[&str]) -> String {
    let words = words.iter().map(|&word| word.to_owned());
    let words = std::iter::once(program()).chain(words).chain(args.workspace.words());
    words.map(|word| shell_word(&one_line(&word))).collect::<Vec<_>>().join(" ")
}
