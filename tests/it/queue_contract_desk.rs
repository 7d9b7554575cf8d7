//! What every desk promises: what a person's hand puts back and takes out. Never names an implementation:
//! `queue_sqlite.rs` does.

use overnight::domain::{FailureKind, ItemId, Outcome};
use overnight::queue::{QueueError, Redo, Selection, StoredItem, Turn};

use crate::queue_contract::{NOW, Workspace, artifact, claim, enqueue, failure, items, receipt, settle, start, turn};

pub fn a_person_puts_back_and_takes_out(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(4));
    let claims = claim(&mut *run, NOW, 3);
    for (attempt, kind) in
        start(&mut *run, claims).into_iter().zip([FailureKind::Transient, FailureKind::Refused, FailureKind::Rejected])
    {
        settle(&mut *run, attempt, Outcome::Failed(failure(kind)));
    }
    let mut desk = workspace.desk();
    assert_eq!(desk.retry(NOW, "job", &Selection::Failed).unwrap(), 2);
    assert_eq!(desk.retry(NOW, "job", &Selection::Items(vec![ItemId::new("item-1")])).unwrap(), 1);
    let again = claim(&mut *run, NOW, 1).remove(0);
    assert_eq!((again.tries.made, again.tries.counted), (1, 0), "with all its attempts before it");
    assert_eq!(desk.cancel("job", None).unwrap(), 3, "what is claimed stays with its run");
    assert!(matches!(desk.cancel("job", Some(&[ItemId::new("nobody")])), Err(QueueError::NoSuchItem { .. })));
    assert!(matches!(desk.retry(NOW, "nothing", &Selection::Failed), Err(QueueError::NoSuchJob { .. })));
}

fn stored(workspace: &dyn Workspace) -> Vec<StoredItem> {
    let mut stored = Vec::new();
    let mut take = |page: &[StoredItem]| {
        stored.extend_from_slice(page);
        true
    };
    workspace.inventory().items("job", &mut take).unwrap();
    stored
}

/// The inventory knows every item's name and files, and what waits in staging; what is done goes back from there, with
/// its history and the totals right, and once.
pub fn a_done_item_is_made_again_as_it_was_asked_for(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let claims = claim(&mut *run, NOW, 2);
    let mut attempts = start(&mut *run, claims).into_iter();
    let (done, waiting) = (attempts.next().unwrap(), attempts.next().unwrap());
    let receipts = vec![(done.id, receipt()), (waiting.id, receipt())];
    run.commit(NOW, Turn { receipts, ..turn() }).unwrap();
    settle(&mut *run, done, Outcome::Done(artifact()));
    let before = stored(workspace);
    let told: Vec<_> = before.iter().map(|item| (item.name.as_str(), item.artifact.as_ref())).collect();
    assert_eq!(told, [("item-0", Some(&artifact())), ("item-1", None), ("item-2", None)]);
    assert_eq!(workspace.inventory().staged("job").unwrap(), receipt().images, "of what is received and not settled");
    let mut desk = workspace.desk();
    let all: Vec<&StoredItem> = before.iter().collect();
    assert_eq!(desk.remake(NOW, "job", &all).unwrap(), 1, "only what is done");
    assert_eq!(desk.remake(NOW, "job", &all).unwrap(), 0, "and once");
    let status = workspace.ledger().status(NOW, &[]).unwrap().remove(0);
    assert_eq!((status.images, status.attempts, status.counts.done, status.counts.queued), (0, 2, 0, 2));
    assert!(run.results_stale().unwrap());
    let again = claim(&mut *run, NOW, 1).remove(0);
    assert_eq!((again.item.id.as_str(), again.tries.made, again.tries.counted), ("item-0", 1, 0));
    let mut other = artifact();
    other.images[0].blake3 = "cd".to_owned();
    let attempt = start(&mut *run, vec![again]).remove(0);
    settle(&mut *run, attempt, Outcome::Done(other));
    assert_eq!(desk.remake(NOW, "job", &all).unwrap(), 0, "it has another picture by now");
    assert_eq!(workspace.ledger().item("job", &ItemId::new("item-0")).unwrap().history.len(), 2);
}

pub fn a_pilot_is_approved_once(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    let status = || workspace.ledger().status(NOW, &[]).unwrap().remove(0);
    run.end_run(NOW, "pilot").unwrap();
    assert!(!status().awaits_approval, "not while the run has the job in hand");
    drop(run);
    assert!(status().awaits_approval);
    workspace.run("job").unwrap().end_run(NOW, "not run").unwrap();
    assert!(status().awaits_approval, "nothing came of the last one");
    let is_approved = || workspace.preview("job", Redo::No).is_approved().unwrap();
    let mut desk = workspace.desk();
    assert!(!is_approved());
    assert_eq!(desk.approve(NOW, "job").unwrap(), None);
    assert!(is_approved());
    assert_eq!(desk.approve(NOW.moved(9), "job").unwrap(), Some(NOW));
    assert_eq!((status().awaits_approval, status().approved_at), (false, Some(NOW)));
}
