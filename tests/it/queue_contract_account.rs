//! What every ledger tells of the attempts of all jobs. Never names an implementation: `queue_sqlite.rs` does.

use overnight::domain::{FailureKind, Outcome, Reach, Timestamp, Usage, Usd};
use overnight::queue::{AttemptEnd, AttemptEntry, Settlement, Start, Turn};

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
