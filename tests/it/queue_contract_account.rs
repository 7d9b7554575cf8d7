//! What every ledger tells of the attempts of all jobs. Never names an implementation: `queue_sqlite.rs` does.

use overnight::domain::{FailureKind, Outcome, Reach, Timestamp, Usage, Usd};
use overnight::queue::{AttemptEnd, AttemptEntry, DayLimit, Queue, Redo, Settlement, Start, Turn, Turned};

use crate::queue_contract::{NOW, Workspace, artifact, claim, enqueue, failure, items, receipt, turn};

const PRICE: Usd = Usd::from_nanos(33_600_000);

/// Every attempt of the jobs, as one line each.
fn told(workspace: &dyn Workspace, jobs: &[String], sent: std::ops::Range<Timestamp>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |entry: &AttemptEntry<'_>| {
        let AttemptEntry { job, model, end, images, usage, cost, reserved, .. } = entry;
        let output = usage.map(|usage| usage.output_tokens);
        let model = model.unwrap_or_default();
        let [cost, reserved] = [cost, reserved].map(|sum| sum.map(Usd::nanos));
        lines.push(format!("{job} {model} {} {images:?} {output:?} {cost:?} {reserved:?}", end.as_str()));
    };
    workspace.ledger().account(jobs, sent, &mut tell).unwrap();
    lines.sort();
    lines
}

/// How the attempts of the job ended that came back since then.
fn lately(workspace: &dyn Workspace, since: Timestamp) -> Vec<String> {
    let mut ends = Vec::new();
    workspace.ledger().lately("job", since, &mut |attempt| ends.push(attempt.end.as_str().to_owned())).unwrap();
    ends.sort();
    ends
}

/// Done, refused with a picture that was paid, lost, unsent, received and sent: each with its model, images and money.
pub fn the_account_tells_how_each_attempt_ended_and_what_it_used(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(6));
    let claims = claim(&mut *run, NOW, 6);
    let starts = claims.into_iter().map(|claim| Start { claim, reserve: Some(PRICE) }).collect();
    let mut attempts = run.commit(NOW, Turn { starts, ..turn() }).unwrap().attempts.into_iter();
    let mut next = || attempts.next().unwrap();
    let usage = Some(Usage { output_tokens: 1_120, ..Usage::default() });
    let mut received = receipt();
    received.reply.usage = usage;
    let mut empty = failure(FailureKind::Refused);
    (empty.pictures, empty.reply.usage) = (1, usage);
    let [mut lost, mut unsent] = [failure(FailureKind::Transient), failure(FailureKind::Transient)];
    (lost.reach, unsent.reach) = (Reach::Lost, Reach::Unsent);
    let (done, waiting) = (next(), next());
    let receipts = vec![(done.id, received.clone()), (waiting.id, received)];
    run.commit(NOW, Turn { receipts, ..turn() }).unwrap();
    let settlements = vec![
        Settlement { attempt: done, outcome: Outcome::Done(artifact()), cost: Some(PRICE) },
        Settlement { attempt: next(), outcome: Outcome::Failed(empty), cost: Some(PRICE) },
        Settlement { attempt: next(), outcome: Outcome::Retry { due_at: NOW, failure: lost }, cost: None },
        Settlement { attempt: next(), outcome: Outcome::Retry { due_at: NOW, failure: unsent }, cost: Some(Usd::ZERO) },
    ];
    run.commit(NOW, Turn { settlements, ..turn() }).unwrap();
    let all = NOW..NOW.after(std::time::Duration::from_millis(1));
    let expected = [
        "job m done Some(1) Some(1120) Some(33600000) Some(33600000)",
        "job m lost None None None Some(33600000)",
        "job m open None None None Some(33600000)",
        "job m received Some(1) Some(1120) None Some(33600000)",
        "job m refused Some(1) Some(1120) Some(33600000) Some(33600000)",
        "job m unsent Some(0) None Some(0) Some(33600000)",
    ];
    assert_eq!(told(workspace, &[], all.clone()), expected);
    assert_eq!(told(workspace, &["job".into()], all.clone()).len(), 6);
    assert_eq!(told(workspace, &[], Timestamp::default()..NOW), [""; 0], "the end of the time does not belong to it");
    assert_eq!(lately(workspace, NOW), ["done", "lost", "received", "refused", "unsent"]);
    assert_eq!(lately(workspace, all.end), [""; 0], "they came before");
    let unknown = workspace.ledger().account(&["spring".into()], all, &mut |_| {});
    assert!(unknown.is_err());
    assert!(AttemptEnd::Failed(FailureKind::Refused).is_settled() && !AttemptEnd::Open.is_settled());
}

/// Sends for so many items of a run, where the day that began then has room for so many.
fn send(run: &mut dyn Queue, number: usize, began_at: Timestamp, most: u64) -> Turned {
    let claims = claim(run, NOW, number);
    let starts = claims.into_iter().map(|claim| Start { claim, reserve: None }).collect();
    run.commit(NOW, Turn { starts, day: Some(DayLimit { began_at, most }), ..turn() }).unwrap()
}

/// What was throttled or never left does not count; what is under way or lost does.
pub fn jobs_of_one_database_share_a_days_requests(workspace: &dyn Workspace) {
    let [mut north, mut south] = ["north", "south"].map(|job| workspace.run(job).unwrap());
    for run in [&mut north, &mut south] {
        enqueue(&mut **run, &items(9));
    }
    assert_eq!(north.sent_since(NOW).unwrap(), 0);
    let begun = send(&mut *north, 4, NOW, 9);
    assert_eq!((begun.attempts.len(), begun.sent_today), (4, Some(4)));
    let [throttled, mut unsent, mut lost] =
        [FailureKind::Throttled, FailureKind::Transient, FailureKind::Transient].map(failure);
    (unsent.reach, lost.reach) = (Reach::Unsent, Reach::Lost);
    let outcomes = [throttled, unsent, lost].map(|failure| Outcome::Returned { due_at: NOW, failure });
    let settle = |(attempt, outcome)| Settlement { attempt, outcome, cost: None };
    let settlements = begun.attempts.into_iter().zip(outcomes).map(settle).collect();
    north.commit(NOW, Turn { settlements, ..turn() }).unwrap();
    let later = NOW.after(std::time::Duration::from_millis(1));
    assert_eq!((south.sent_since(NOW).unwrap(), south.sent_since(later).unwrap()), (2, 0));
    assert_eq!(workspace.preview("south", Redo::No).sent_since(NOW).unwrap(), 2);
    let begun = send(&mut *south, 4, NOW, 5);
    assert_eq!((begun.attempts.len(), begun.unstarted.len(), begun.sent_today), (3, 1, Some(5)));
    let begun = send(&mut *north, 1, NOW, 5);
    assert_eq!((begun.attempts.len(), begun.sent_today), (0, Some(5)), "nothing is left of the day");
    assert_eq!(send(&mut *north, 1, later, 5).sent_today, Some(1), "another day began");
    assert_eq!(north.commit(NOW, turn()).unwrap().sent_today, None);
}
