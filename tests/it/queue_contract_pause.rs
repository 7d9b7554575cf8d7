//! What every queue promises of a pause: nothing begins while it lasts, what is under way ends as ever, and whatever was
//! given back is there afterwards. Never names an implementation: `queue_sqlite.rs` does.

use overnight::domain::{ItemId, Outcome};
use overnight::queue::{Claim, QueueError, Start, Turn};

use crate::queue_contract::{NOW, Promise, Workspace, artifact, claim, enqueue, items, receipt, settle, start, turn};

pub const PROMISES: &[(&str, Promise)] = &[
    ("a pause", a_paused_job_begins_nothing_and_ends_what_is_under_way),
    ("a pause stays", a_pause_outlives_the_run_and_holds_for_one_job_only),
    ("given back by a narrowed run", what_a_narrowed_run_gives_back_it_claims_again),
];

fn starts(claims: Vec<Claim>) -> Vec<Start> {
    claims.into_iter().map(|claim| Start { claim, reserve: None }).collect()
}

fn a_paused_job_begins_nothing_and_ends_what_is_under_way(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(4));
    let claims = claim(&mut *run, NOW, 1);
    let under_way = start(&mut *run, claims).remove(0);
    let ahead = claim(&mut *run, NOW, 2);
    let mut desk = workspace.desk();
    assert_eq!((desk.pause(NOW, "job").unwrap(), run.paused_since().unwrap()), (None, Some(NOW)));
    assert_eq!(desk.pause(NOW.moved(9), "job").unwrap(), Some(NOW), "it is paused since the first time");
    let turned = run.commit(NOW, Turn { starts: starts(ahead), want: 4, ..turn() }).unwrap();
    assert_eq!((turned.attempts.len(), turned.unstarted.len(), turned.claims.len()), (0, 2, 0));
    assert_eq!(turned.paused_since, Some(NOW));
    run.commit(NOW, Turn { releases: turned.unstarted, receipts: vec![(under_way.id, receipt())], ..turn() }).unwrap();
    settle(&mut *run, under_way, Outcome::Done(artifact()));
    let status = workspace.ledger().status(NOW, &[]).unwrap().remove(0);
    assert_eq!((status.counts.done, status.counts.queued, status.counts.running), (1, 3, 0));
    assert_eq!((status.paused_since, status.attempts), (Some(NOW), 1));
    assert_eq!(desk.cancel("job", Some(&[ItemId::new("item-3")])).unwrap(), 1, "what was given back is a person's");
    assert_eq!((desk.resume("job").unwrap(), desk.resume("job").unwrap()), (Some(NOW), None));
    assert_eq!(run.paused_since().unwrap(), None);
    let again = claim(&mut *run, NOW, 4);
    assert_eq!(again.iter().map(|claim| claim.item.id.as_str()).collect::<Vec<_>>(), ["item-1", "item-2"]);
    assert_eq!(start(&mut *run, again).len(), 2);
}

fn a_pause_outlives_the_run_and_holds_for_one_job_only(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(1));
    run.results_begun().unwrap();
    workspace.desk().pause(NOW, "job").unwrap();
    assert!(!run.results_stale().unwrap(), "the results tell nothing of it");
    drop(run);
    assert_eq!(workspace.run("job").unwrap().paused_since().unwrap(), Some(NOW));
    let mut other = workspace.run("other").unwrap();
    enqueue(&mut *other, &items(1));
    let claims = claim(&mut *other, NOW, 1);
    assert_eq!((other.paused_since().unwrap(), start(&mut *other, claims).len()), (None, 1));
    let mut desk = workspace.desk();
    assert!(matches!(desk.pause(NOW, "nothing"), Err(QueueError::NoSuchJob { .. })));
    assert!(matches!(desk.resume("nothing"), Err(QueueError::NoSuchJob { .. })));
}

fn what_a_narrowed_run_gives_back_it_claims_again(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(5));
    let chosen = ["item-1", "item-3", "item-4"].map(ItemId::new);
    run.narrow(&chosen).unwrap();
    let ahead = claim(&mut *run, NOW, 2);
    run.commit(NOW, Turn { releases: ahead, ..turn() }).unwrap();
    assert!(run.next_due(false).unwrap().is_some());
    let again = claim(&mut *run, NOW, 9);
    assert_eq!(again.iter().map(|claim| claim.item.id.clone()).collect::<Vec<_>>(), chosen);
    assert_eq!(run.next_due(false).unwrap(), None);
}
