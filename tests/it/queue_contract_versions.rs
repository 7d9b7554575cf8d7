//! What every queue promises about finished items that are made again. Never names an implementation.

use overnight::domain::{Artifact, FailureKind, Item, ItemId, OnLost, Outcome};
use overnight::queue::{Enqueued, ItemRecord, ItemState, Queue, QueueError, Redo, Turn};

use crate::queue_contract::{
    NOW, Promise, Workspace, artifact, claim, enqueue, failure, item, receipt, row, settle, start, turn,
};

pub const PROMISES: &[(&str, Promise)] = &[
    ("made again", what_is_made_again_is_queued_with_what_it_had_laid_by),
    ("made again in vain", what_cannot_be_made_again_keeps_its_earlier_picture),
    ("made again and thought better of", a_row_that_reads_as_before_brings_its_picture_back),
    ("made again and taken out", what_is_taken_out_is_left_with_the_picture_it_has),
    ("made again under a name of another", an_earlier_picture_whose_name_is_taken_is_the_takers),
    ("made again and killed", what_was_received_of_it_still_knows_what_it_replaces),
    ("made again and tidied up", what_was_replaced_can_be_noted_as_gone_while_no_run_is_on),
];

fn reread(run: &mut dyn Queue, items: &[Item]) -> Enqueued {
    let mut intake = run.intake(Redo::Yes).unwrap();
    for (index, item) in items.iter().enumerate() {
        intake.push(&row(index as u64 + 2), std::slice::from_ref(item)).unwrap();
    }
    intake.publish(&[], None).unwrap()
}

fn attempt(run: &mut dyn Queue, outcome: Outcome) -> Option<Artifact> {
    let claims = claim(run, NOW, 1);
    let attempt = start(run, claims).remove(0);
    let earlier = attempt.claim.earlier.clone();
    settle(run, attempt, outcome);
    earlier
}

/// What stands of items that are made again.
fn standing(workspace: &dyn Workspace) -> Vec<Artifact> {
    let mut standing = vec![];
    let mut note = |page: &[overnight::queue::StoredItem]| {
        standing.extend(page.iter().filter_map(|item| item.earlier.clone()));
        true
    };
    workspace.inventory().items("job", &mut note).unwrap();
    standing
}

/// A job whose only item was done, and is to be made again.
fn redone(workspace: &dyn Workspace) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &[item("mug", "first")]);
    assert_eq!(attempt(&mut *run, Outcome::Done(artifact())), None);
    let told = reread(&mut *run, &[item("mug", "second")]);
    assert_eq!(told, Enqueued { rows: 1, redone: 1, ..Enqueued::default() });
    run
}

fn what_is_made_again_is_queued_with_what_it_had_laid_by(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    assert_eq!((run.counts().unwrap().queued, standing(workspace)), (1, vec![artifact()]));
    let story = workspace.ledger().item("job", &ItemId::new("mug")).unwrap();
    assert_eq!((story.record.state, story.record.artifact), (ItemState::Queued, None));
    assert_eq!(story.record.item.request.prompt, "second");
    assert_eq!(attempt(&mut *run, Outcome::Done(artifact())), Some(artifact()), "whoever publishes is told");
    let story = workspace.ledger().item("job", &ItemId::new("mug")).unwrap();
    let [version] = &story.versions[..] else { panic!("{:?}", story.versions) };
    assert_eq!((version.number, version.attempt, version.stands), (1, Some(1), false));
    assert_eq!(
        (version.request.prompt.as_str(), &version.artifact, version.made_at),
        ("first", &artifact(), Some(NOW))
    );
    assert_eq!(workspace.ledger().status(NOW, &[]).unwrap()[0].images, 2, "both are kept");
    assert_eq!(reread(&mut *run, &[item("mug", "second")]).unchanged, 1);
    assert_eq!(reread(&mut *run, &[item("mug", "third")]).redone, 1);
    assert_eq!(attempt(&mut *run, Outcome::Done(artifact())), Some(artifact()));
    assert_eq!(workspace.ledger().item("job", &ItemId::new("mug")).unwrap().versions.len(), 2);
}

fn what_cannot_be_made_again_keeps_its_earlier_picture(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    assert_eq!(standing(workspace), [artifact()]);
    assert_eq!(reread(&mut *run, &[item("mug", "third")]).updated, 1);
    assert_eq!(attempt(&mut *run, Outcome::Done(artifact())), Some(artifact()));
    assert!(standing(workspace).is_empty());
}

fn a_row_that_reads_as_before_brings_its_picture_back(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    for is_tried in [false, true] {
        if is_tried {
            reread(&mut *run, &[item("mug", "second")]);
            attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
        }
        assert_eq!(enqueue(&mut *run, &[item("mug", "first")]).updated, 1);
        let story = workspace.ledger().item("job", &ItemId::new("mug")).unwrap();
        assert_eq!((story.record.state, story.record.artifact), (ItemState::Done, Some(artifact())));
        assert_eq!((run.counts().unwrap().done, story.versions), (1, vec![]), "and nothing is paid");
    }
}

fn what_is_taken_out_is_left_with_the_picture_it_has(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    for named in [None, Some(&[ItemId::new("mug")][..])] {
        assert_eq!(workspace.desk().cancel("job", named).unwrap(), 1);
        let story = workspace.ledger().item("job", &ItemId::new("mug")).unwrap();
        let ItemRecord { item: now, state, artifact: has, .. } = story.record;
        assert_eq!((state, has, now.request.prompt.as_str()), (ItemState::Done, Some(artifact()), "first"));
        assert_eq!((run.last_reading().unwrap(), story.versions), (None, vec![]), "it is told again that it changed");
        assert_eq!(enqueue(&mut *run, &[item("mug", "second")]).finished, 1);
        assert_eq!(reread(&mut *run, &[item("mug", "second")]).redone, 1);
    }
}

fn an_earlier_picture_whose_name_is_taken_is_the_takers(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &[item("cup", "cup"), item("mug", "mug")]);
    for _ in 0..2 {
        attempt(&mut *run, Outcome::Done(artifact()));
    }
    let called = |name: &str, id| Item { name: name.into(), ..item(id, id) };
    assert_eq!(reread(&mut *run, &[called("mug", "cup"), called("jug", "mug")]).redone, 2);
    let claims = claim(&mut *run, NOW, 2);
    let earlier: Vec<_> = claims.iter().map(|claim| claim.earlier.is_some()).collect();
    assert_eq!(earlier, [true, false], "what lies under `mug` goes when `cup` takes that name");
}

fn what_was_received_of_it_still_knows_what_it_replaces(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    run.commit(NOW, Turn { receipts: vec![(attempt.id, receipt())], ..turn() }).unwrap();
    drop(run);
    let mut run = workspace.run("job").unwrap();
    let (attempt, _) = run.rescue(NOW, OnLost::Resend, vec![]).unwrap().received.remove(0);
    assert_eq!(attempt.claim.earlier, Some(artifact()));
    settle(&mut *run, attempt, Outcome::Done(artifact()));
    assert!(standing(workspace).is_empty());
}

fn what_was_replaced_can_be_noted_as_gone_while_no_run_is_on(workspace: &dyn Workspace) {
    let mut run = redone(workspace);
    let mut upkeep = workspace.upkeep();
    assert!(upkeep.earlier("job").unwrap().is_empty(), "what stands yet may come back");
    assert!(attempt(&mut *run, Outcome::Done(artifact())).is_some());
    assert!(matches!(upkeep.hold("job", "the test"), Err(QueueError::Held { .. })));
    assert!(matches!(upkeep.hold("nothing", "the test"), Err(QueueError::NoSuchJob { .. })));
    drop(run);
    let hold = upkeep.hold("job", "who tidies up").unwrap();
    let refused = workspace.run("job").err().unwrap().to_string();
    assert!(refused.contains("who tidies up"), "{refused}");
    let earlier = upkeep.earlier("job").unwrap();
    let told = (earlier[0].item.as_str(), earlier[0].number, &earlier[0].artifact, earlier[0].replaced_at);
    assert_eq!((earlier.len(), told), (1, ("mug", 1, &artifact(), Some(NOW))));
    assert!(upkeep.remove(NOW, "job", &earlier[0], &mut || false).unwrap(), "it may go, and does not");
    assert_eq!(upkeep.earlier("job").unwrap(), earlier);
    assert!(upkeep.remove(NOW, "job", &earlier[0], &mut || true).unwrap());
    assert!(!upkeep.remove(NOW, "job", &earlier[0], &mut || panic!("once")).unwrap());
    assert!(upkeep.earlier("job").unwrap().is_empty());
    let story = workspace.ledger().item("job", &ItemId::new("mug")).unwrap();
    assert_eq!((story.versions[0].pruned_at, story.versions[0].stands), (Some(NOW), false));
    assert_eq!(workspace.ledger().status(NOW, &[]).unwrap()[0].images, 1);
    drop(hold);
    workspace.run("job").unwrap();
}
