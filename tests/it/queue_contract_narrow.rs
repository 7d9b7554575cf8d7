//! What every queue promises to a run that is narrowed to some items. Never names an implementation.

use std::time::Duration;

use overnight::domain::{FailureKind, ItemId, Outcome, Timestamp};
use overnight::queue::{Claim, Queue, Turn};

use crate::queue_contract::{NOW, Promise, Workspace, artifact, claim, enqueue, failure, items, settle, start, turn};

pub const PROMISES: &[(&str, Promise)] = &[
    ("narrowed", only_what_was_chosen_is_claimed),
    ("narrowed to what waits", what_an_earlier_run_left_waiting_is_claimed_when_it_is_due),
    ("narrowed and limited", a_limit_counts_on_top),
    ("only what was attempted", a_limited_run_claims_only_what_it_attempted),
    ("narrowed by a person", what_is_taken_out_meanwhile_keeps_nobody_waiting),
];

fn ids(numbers: &[usize]) -> Vec<ItemId> {
    numbers.iter().map(|number| ItemId::new(format!("item-{number}"))).collect()
}

fn names(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.item.id.as_str()).collect()
}

fn retry(run: &mut dyn Queue, claims: Vec<Claim>, due_at: Timestamp) {
    for attempt in start(run, claims) {
        settle(run, attempt, Outcome::Retry { due_at, failure: failure(FailureKind::Transient) });
    }
}

/// A job of six items, of which the first two wait for their moment after an earlier run.
fn waiting(workspace: &dyn Workspace, due_at: Timestamp) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(6));
    let claims = claim(&mut *run, NOW, 2);
    retry(&mut *run, claims, due_at);
    drop(run);
    workspace.run("job").unwrap()
}

fn only_what_was_chosen_is_claimed(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(6));
    let done = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, done).remove(0);
    settle(&mut *run, attempt, Outcome::Done(artifact()));
    assert_eq!(run.narrow(&ids(&[4, 2, 0])).unwrap(), 2, "one is done");
    let mut claims = claim(&mut *run, NOW, 1);
    claims.extend(claim(&mut *run, NOW, 9));
    assert_eq!(names(&claims), ["item-2", "item-4"], "in the manifest's order");
    let due_at = NOW.after(Duration::from_secs(5));
    retry(&mut *run, claims, due_at);
    assert_eq!(run.next_due(false).unwrap(), Some(due_at));
    assert!(claim(&mut *run, NOW, 9).is_empty());
    let again = claim(&mut *run, due_at, 9);
    assert_eq!(names(&again), ["item-2", "item-4"]);
    assert_eq!((run.next_due(false).unwrap(), run.counts().unwrap().queued), (None, 3), "the others still wait");
}

fn what_an_earlier_run_left_waiting_is_claimed_when_it_is_due(workspace: &dyn Workspace) {
    let due_at = NOW.after(Duration::from_secs(5));
    let mut run = waiting(workspace, due_at);
    assert_eq!(run.narrow(&ids(&[0, 3])).unwrap(), 2);
    assert_eq!(names(&claim(&mut *run, NOW, 9)), ["item-3"]);
    assert_eq!(run.next_due(false).unwrap(), Some(due_at));
    run.move_waits(NOW, 1000).unwrap();
    let moved = due_at.moved(1000);
    assert!(claim(&mut *run, due_at, 9).is_empty());
    assert_eq!(run.next_due(false).unwrap(), Some(moved));
    assert_eq!(names(&claim(&mut *run, moved, 9)), ["item-0"]);
    assert_eq!(run.next_due(false).unwrap(), None);
}

fn a_limit_counts_on_top(workspace: &dyn Workspace) {
    let mut run = waiting(workspace, NOW);
    run.narrow(&ids(&[0, 1, 2])).unwrap();
    let claims = claim(&mut *run, NOW, 1);
    retry(&mut *run, claims, NOW);
    let limited = Turn { want: 9, only_attempted: true, ..turn() };
    assert_eq!(run.next_due(true).unwrap(), Some(NOW));
    let claims = run.commit(NOW, limited).unwrap().claims;
    assert_eq!(names(&claims), ["item-0"], "what an earlier run attempted is not this run's");
    assert_eq!((run.next_due(true).unwrap(), run.next_due(false).unwrap().is_some()), (None, true));
}

fn what_is_taken_out_meanwhile_keeps_nobody_waiting(workspace: &dyn Workspace) {
    let mut run = waiting(workspace, NOW.after(Duration::from_secs(5)));
    run.narrow(&ids(&[0, 1, 2])).unwrap();
    workspace.desk().cancel("job", Some(&ids(&[2]))).unwrap();
    assert!(claim(&mut *run, NOW, 9).is_empty());
    workspace.desk().cancel("job", Some(&ids(&[0, 1]))).unwrap();
    assert_eq!(run.next_due(false).unwrap(), None);
}

fn a_limited_run_claims_only_what_it_attempted(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    let due_at = NOW.after(Duration::from_secs(1));
    settle(&mut *run, attempt, Outcome::Retry { due_at, failure: failure(FailureKind::Transient) });
    assert_eq!(run.next_due(true).unwrap(), Some(due_at));
    let limited = Turn { want: 9, only_attempted: true, ..turn() };
    let claims = run.commit(due_at, limited).unwrap().claims;
    assert_eq!(claims.len(), 1);
    run.commit(NOW, Turn { releases: claims, ..turn() }).unwrap();
    assert_eq!(run.counts().unwrap().queued, 3);
}
