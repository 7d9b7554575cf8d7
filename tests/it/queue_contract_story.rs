//! What every ledger tells of one item. Never names an implementation: `queue_sqlite.rs` does.

use std::time::Duration;

use overnight::domain::{FailureKind, ItemId, Outcome, Reach, Timestamp, Usd};
use overnight::queue::{
    Attempt, AttemptState, CancelledBy, Claim, ItemState, ItemStory, Queue, QueueError, Settlement, Start, Turn,
};

use crate::queue_contract::{NOW, Workspace, artifact, enqueue, failure, items, receipt};

fn after(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

fn commit(run: &mut dyn Queue, now: Timestamp, turn: Turn) -> (Vec<Claim>, Vec<Attempt>) {
    let turned = run.commit(now, Turn { lease_until: now.after(Duration::from_secs(60)), ..turn }).unwrap();
    (turned.claims, turned.attempts)
}

/// Claims the next item and sends for it.
fn send(run: &mut dyn Queue, now: Timestamp) -> Attempt {
    let (claims, _) = commit(run, now, Turn { want: 1, ..Turn::default() });
    let reserve = Some(Usd::from_nanos(33_600_000));
    let starts = claims.into_iter().map(|claim| Start { claim, reserve }).collect();
    commit(run, now, Turn { starts, ..Turn::default() }).1.remove(0)
}

fn settle(run: &mut dyn Queue, now: Timestamp, attempt: Attempt, outcome: Outcome, cost: Option<Usd>) {
    commit(run, now, Turn { settlements: vec![Settlement { attempt, outcome, cost }], ..Turn::default() });
}

fn story(workspace: &dyn Workspace, item: &str) -> ItemStory {
    workspace.ledger().item("job", &ItemId::new(item)).unwrap()
}

/// Sent and lost, then sent and answered: everything of both is told.
pub fn the_ledger_tells_an_items_whole_story(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(1));
    let fresh = story(workspace, "item-0");
    assert_eq!((fresh.record.state, fresh.line, fresh.is_listed), (ItemState::Queued, 2, true));
    assert_eq!((fresh.due_at, fresh.history.len()), (None, 0));
    let attempt = send(&mut *run, NOW);
    assert_eq!(story(workspace, "item-0").history[0].state, AttemptState::Sent);
    let mut lost = failure(FailureKind::Transient);
    (lost.reach, lost.status) = (Reach::Lost, Some(502));
    let due_at = after(9);
    settle(&mut *run, after(5), attempt, Outcome::Retry { due_at, failure: lost }, None);
    assert_eq!(story(workspace, "item-0").due_at, Some(due_at));
    let attempt = send(&mut *run, due_at);
    commit(&mut *run, after(12), Turn { receipts: vec![(attempt.id, receipt())], ..Turn::default() });
    settle(&mut *run, after(13), attempt, Outcome::Done(artifact()), Some(Usd::from_nanos(33_600_000)));
    let told = story(workspace, "item-0");
    assert_eq!((told.record.state, told.due_at), (ItemState::Done, None));
    let [first, second] = &told.history[..] else { panic!("{:?}", told.history) };
    assert_eq!((first.number, first.state, first.outcome.as_deref()), (1, AttemptState::Lost, Some("retry")));
    assert_eq!((first.kind, first.status), (Some(FailureKind::Transient), Some(502)));
    assert_eq!((first.message.as_deref(), first.cost), (Some("it was transient"), None));
    assert_eq!(first.took(), Some(Duration::from_secs(5)));
    assert_eq!((second.number, second.state, second.outcome.as_deref()), (2, AttemptState::Settled, Some("done")));
    assert_eq!((second.sent_at, second.received_at, second.ended_at), (due_at, Some(after(12)), Some(after(13))));
    assert_eq!(second.took(), Some(Duration::from_secs(3)));
    assert_eq!((second.reserved, second.cost), (Some(Usd::from_nanos(33_600_000)), second.reserved));
    assert_eq!(second.reply.text.as_deref(), Some("a caption"));
}

/// Who took it out is told, and whether its row still stands.
pub fn the_ledger_tells_who_took_an_item_out(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    workspace.desk().cancel("job", Some(&[ItemId::new("item-0")])).unwrap();
    enqueue(&mut *run, &items(2));
    let by_person = story(workspace, "item-0");
    assert_eq!((by_person.cancelled_by, by_person.is_listed), (Some(CancelledBy::Person), true));
    let by_manifest = story(workspace, "item-2");
    assert_eq!((by_manifest.cancelled_by, by_manifest.is_listed), (Some(CancelledBy::Manifest), false));
}

/// A slip of the hand is told what was probably meant, by whoever is asked.
pub fn an_unknown_item_is_told_the_nearest(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(12));
    let asked = ItemId::new("itme-11");
    let from_ledger = workspace.ledger().item("job", &asked).unwrap_err();
    let from_desk = workspace.desk().cancel("job", Some(&[asked])).unwrap_err();
    for error in [from_ledger, from_desk] {
        let QueueError::NoSuchItem { alike, .. } = &error else { panic!("{error}") };
        assert_eq!((alike[0].as_str(), alike.len()), ("item-11", 3), "{error}");
        assert!(error.to_string().contains("did you mean"), "{error}");
    }
    let nothing_like_it = workspace.ledger().item("job", &ItemId::new("zzz")).unwrap_err().to_string();
    assert!(nothing_like_it.contains("the manifest's column `id`"), "{nothing_like_it}");
}
