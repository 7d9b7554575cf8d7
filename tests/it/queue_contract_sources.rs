//! What every queue promises about items whose references hold something else than before. Never names an implementation.

use overnight::domain::{FailureKind, Item, Outcome, Sources};
use overnight::queue::{Enqueued, Queue};

use crate::queue_contract::{NOW, Promise, Workspace, artifact, claim, enqueue, failure, item, settle, start};

pub const PROMISES: &[(&str, Promise)] = &[
    ("another reference, done", what_is_done_keeps_its_references_until_it_is_made_again),
    ("another reference, not done", what_is_not_done_takes_what_its_references_hold_now),
    ("unknown references", what_was_not_known_of_references_is_learned),
];

fn with(id: &str, sources: &[Option<&str>]) -> Item {
    let sources = Sources(sources.iter().map(|source| source.map(str::to_owned)).collect());
    Item { sources, ..item(id, "one prompt") }
}

fn attempt(run: &mut dyn Queue, outcome: Outcome) {
    let claims = claim(run, NOW, 1);
    let attempt = start(run, claims).remove(0);
    settle(run, attempt, outcome);
}

fn what_is_done_keeps_its_references_until_it_is_made_again(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &[with("mug", &[Some("old")])]);
    attempt(&mut *run, Outcome::Done(artifact()));
    for _ in 0..2 {
        assert_eq!(enqueue(&mut *run, &[with("mug", &[Some("new")])]).kept, 1, "at every reading");
    }
    let same = enqueue(&mut *run, &[with("mug", &[Some("old")])]);
    assert_eq!((same.kept, same.unchanged), (0, 1));
}

fn what_is_not_done_takes_what_its_references_hold_now(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let all = |source| ["failed", "paid", "fresh"].map(|id| with(id, &[Some(source)]));
    enqueue(&mut *run, &all("old"));
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    attempt(&mut *run, Outcome::Retry { due_at: NOW, failure: failure(FailureKind::Transient) });
    let told = enqueue(&mut *run, &all("new"));
    assert_eq!((told.updated, told.kept, told.unchanged), (3, 0, 0), "each is sent with what they hold then");
    let claims = claim(&mut *run, NOW, 9);
    let sources: Vec<_> = claims.iter().map(|claim| claim.item.sources.0[0].as_deref()).collect();
    assert_eq!(sources, [Some("new"); 3]);
}

fn what_was_not_known_of_references_is_learned(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &[with("mug", &[None, Some("b")])]);
    attempt(&mut *run, Outcome::Done(artifact()));
    let unchanged = Enqueued { rows: 1, unchanged: 1, ..Enqueued::default() };
    for sources in [[None, None], [Some("a"), None], [None, Some("b")], [Some("a"), Some("b")]] {
        assert_eq!(enqueue(&mut *run, &[with("mug", &sources)]), unchanged, "{sources:?}");
    }
    assert_eq!(enqueue(&mut *run, &[with("mug", &[Some("other"), None])]).kept, 1);
    assert_eq!(enqueue(&mut *run, &[with("mug", &[None, Some("other")])]).kept, 1);
}
