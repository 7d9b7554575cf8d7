//! What every queue promises about items that a person sends back. Never names an implementation.

use overnight::domain::{Decision, Digest, FailureKind, Item, ItemId, OnLost, Outcome, Sources};
use overnight::queue::{
    Card, CardKey, Enqueued, Fate, Foreseen, ItemState, ItemStory, Order, Queue, Redo, SentBack, Standing, Turn,
    Wanted, Word,
};

use crate::queue_contract::{NOW, Promise, Workspace, claim, failure, item, receipt, row, settle, start, turn};
use crate::queue_contract_gallery::{ANNA, attempt, cards, keys, picture};

pub const PROMISES: &[(&str, Promise)] = &[
    ("sent back", what_is_sent_back_waits_with_the_prompt_of_the_person),
    ("sent back and made", what_was_sent_back_is_made_and_open_again),
    ("sent back when it failed", what_failed_can_be_sent_back),
    ("sent back again", another_prompt_may_be_given_until_a_request_has_left),
    ("not to be sent back", what_is_made_or_waits_or_is_gone_is_not_sent_back),
    ("sent back and read again", a_row_that_is_as_it_was_leaves_the_persons_prompt_alone),
    ("sent back and edited", a_row_that_was_edited_since_is_followed),
    ("edited before it was sent back", what_a_row_said_already_is_no_edit),
    ("sent back with another reference", a_reference_that_changed_leaves_the_prompt_alone),
    ("sent back and never sent", what_was_sent_back_waits_for_whichever_run_comes),
    ("sent back and taken out", a_person_can_think_better_of_it),
    ("sent back and undone", what_was_sent_back_is_as_it_was_once_that_is_undone),
    ("sent back and undone too late", what_has_left_stays_sent_back),
    ("sent back twice over", what_waits_with_that_prompt_already_is_not_sent_back_again),
    ("sent back and taken out before that is undone", what_was_taken_out_does_not_wait_again),
    ("sent back with its favourite", a_favourite_that_is_sent_back_is_none_any_more),
    ("sent back and killed", what_was_received_of_it_is_kept),
];

fn read(run: &mut dyn Queue, items: &[Item], redo: Redo) -> Enqueued {
    let mut intake = run.intake(redo).unwrap();
    for (index, item) in items.iter().enumerate() {
        intake.push(&row(index as u64 + 2), std::slice::from_ref(item)).unwrap();
    }
    intake.publish(&[], None).unwrap()
}

/// A job whose only item was made of its row, which asks for `first`.
fn made(workspace: &dyn Workspace) -> (Box<dyn Queue>, CardKey) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &[item("mug", "first")], Redo::No);
    attempt(&mut *run, Outcome::Done(picture("p1")));
    let key = keys(workspace)[0];
    (run, key)
}

fn send_back(workspace: &dyn Workspace, key: CardKey, prompt: &str) -> SentBack {
    workspace.jury().send_back(ANNA, "job", key, prompt).unwrap()
}

fn is_queued(workspace: &dyn Workspace, key: CardKey, prompt: &str) {
    let SentBack::Queued(acted) = send_back(workspace, key, prompt) else { panic!("it is not sent back") };
    assert_eq!((acted.word.as_str(), &acted.items[..], acted.left), ("send_back", &[key][..], 0));
}

fn card(workspace: &dyn Workspace, key: CardKey) -> Card {
    workspace.gallery().cards("job", &[key]).unwrap().remove(0)
}

fn story(workspace: &dyn Workspace) -> ItemStory {
    workspace.ledger().item("job", &ItemId::new("mug")).unwrap()
}

/// Where the item is, and what it asks for.
fn now(workspace: &dyn Workspace) -> (ItemState, String) {
    let record = story(workspace).record;
    (record.state, record.item.request.prompt)
}

fn is(state: ItemState, prompt: &str) -> (ItemState, String) {
    (state, prompt.to_owned())
}

fn what_is_sent_back_waits_with_the_prompt_of_the_person(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    run.results_begun().unwrap();
    is_queued(workspace, key, "mine");
    assert!(run.results_stale().unwrap());
    let card = card(workspace, key);
    assert_eq!((card.is_sent_back, card.earlier, card.versions), (true, Some(picture("p1")), 1));
    let said = card.record.verdict.unwrap();
    let decided = (said.verdict.decision.map(|it| it.as_str()), said.verdict.picture.as_deref(), said.holds);
    assert_eq!(decided, (Some("rejected"), Some("p1"), false), "it has no picture that this could be about");
    let story = story(workspace);
    assert_eq!((story.record.state, story.record.artifact, story.due_at), (ItemState::Queued, None, Some(NOW)));
    let digest = *blake3::hash(&serde_json::to_vec(&story.record.item.request).unwrap()).as_bytes();
    assert_eq!(story.record.item.digest, Digest(digest), "as that of every request");
    let claims = claim(&mut *run, NOW, 9);
    let claimed = (claims.len(), claims[0].item.request.prompt.as_str(), claims[0].tries.made, claims[0].tries.counted);
    assert_eq!((claimed, claims[0].earlier.clone()), ((1, "mine", 1, 0), Some(picture("p1"))));
    let sent_back = Wanted { standing: Some(Standing::SentBack), ..Wanted::default() };
    assert_eq!(cards(workspace, &sent_back, Order::Manifest).len(), 1, "it is being made");
}

fn what_was_sent_back_is_made_and_open_again(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    attempt(&mut *run, Outcome::Done(picture("p2")));
    let card = card(workspace, key);
    assert_eq!((card.is_sent_back, card.earlier, card.versions), (false, None, 1));
    assert_eq!(card.record.artifact, Some(picture("p2")));
    let open = Wanted { standing: Some(Standing::Open), ..Wanted::default() };
    assert_eq!(cards(workspace, &open, Order::Manifest).len(), 1);
    let story = story(workspace);
    assert_eq!((story.versions[0].request.prompt.as_str(), story.versions[0].stands), ("first", false));
    assert_eq!((story.record.attempts, workspace.ledger().status(NOW, &[]).unwrap()[0].images), (2, 2));
    is_queued(workspace, key, "mine again");
    attempt(&mut *run, Outcome::Done(picture("p3")));
    assert_eq!(workspace.ledger().item("job", &ItemId::new("mug")).unwrap().versions.len(), 2);
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
}

fn what_failed_can_be_sent_back(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &[item("mug", "first")], Redo::No);
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    let key = keys(workspace)[0];
    is_queued(workspace, key, "milder");
    let card_now = card(workspace, key);
    assert_eq!((card_now.is_sent_back, card_now.earlier, card_now.versions), (true, None, 0));
    workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    let record = story(workspace).record;
    assert_eq!(record.failure, Some((FailureKind::Refused, "it was refused".into())));
    assert_eq!(now(workspace), is(ItemState::Failed, "first"));
    is_queued(workspace, key, "milder");
    assert_eq!(run.leave_unsent().unwrap(), 0);
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::No).unchanged, 1);
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::No).unchanged, 1, "nothing new to be tried");
    is_queued(workspace, key, "mildest");
    attempt(&mut *run, Outcome::Done(picture("p1")));
    assert_eq!(now(workspace), is(ItemState::Done, "mildest"));
}

fn what_waits_with_that_prompt_already_is_not_sent_back_again(workspace: &dyn Workspace) {
    let (_run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    assert_eq!(send_back(workspace, key, "mine"), SentBack::Waiting);
    workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    assert_eq!(now(workspace), is(ItemState::Done, "first"));
}

fn what_was_taken_out_does_not_wait_again(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &[item("mug", "first")], Redo::No);
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    let key = keys(workspace)[0];
    is_queued(workspace, key, "mild");
    is_queued(workspace, key, "milder");
    workspace.desk().cancel("job", Some(&[ItemId::new("mug")])).unwrap();
    assert_eq!(workspace.jury().undo(ANNA, "job").unwrap().unwrap().left, 0);
    assert_eq!(now(workspace), is(ItemState::Cancelled, "mild"));
}

fn a_favourite_that_is_sent_back_is_none_any_more(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    workspace.jury().say(ANNA, "job", &[key], &Word::Favourite(Some("p1".into()))).unwrap().unwrap();
    is_queued(workspace, key, "mine");
    attempt(&mut *run, Outcome::Done(picture("p2")));
    workspace.jury().say(ANNA, "job", &[key], &Word::Decide(Some(Decision::Approved))).unwrap().unwrap();
    assert_eq!(story(workspace).record.favourite(), None);
    workspace.jury().say(ANNA, "job", &[key], &Word::Favourite(Some("p1".into()))).unwrap().unwrap();
    is_queued(workspace, key, "again");
    assert_eq!(story(workspace).record.favourite(), Some("p1"), "an earlier picture that was chosen stays chosen");
}

fn another_prompt_may_be_given_until_a_request_has_left(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "one");
    is_queued(workspace, key, "two");
    assert_eq!((now(workspace), card(workspace, key).versions), (is(ItemState::Queued, "two"), 1));
    workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    assert_eq!(now(workspace), is(ItemState::Queued, "one"));
    is_queued(workspace, key, "three");
    attempt(&mut *run, Outcome::Retry { due_at: NOW, failure: failure(FailureKind::Transient) });
    assert_eq!(send_back(workspace, key, "four"), SentBack::Running);
    assert_eq!(now(workspace), is(ItemState::Queued, "three"));
}

fn what_is_made_or_waits_or_is_gone_is_not_sent_back(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    assert_eq!(send_back(workspace, CardKey(99), "x"), SentBack::Gone);
    read(&mut *run, &[item("mug", "second")], Redo::Yes);
    assert_eq!(send_back(workspace, key, "x"), SentBack::Waiting, "it waits for what its row says");
    let claims = claim(&mut *run, NOW, 1);
    assert_eq!(send_back(workspace, key, "x"), SentBack::Running);
    let made = start(&mut *run, claims).remove(0);
    settle(&mut *run, made, Outcome::Done(picture("p2")));
    read(&mut *run, &[item("jug", "jug")], Redo::No);
    assert_eq!(send_back(workspace, key, "x"), SentBack::Gone);
    assert_eq!(send_back(workspace, keys(workspace)[0], "x"), SentBack::Waiting, "it never had a picture");
    assert_eq!(workspace.jury().undo(ANNA, "job").unwrap(), None);
}

fn a_row_that_is_as_it_was_leaves_the_persons_prompt_alone(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    for redo in [Redo::No, Redo::Yes] {
        assert_eq!(read(&mut *run, &[item("mug", "first")], redo).unchanged, 1);
        assert_eq!(now(workspace), is(ItemState::Queued, "mine"));
        let foreseen = workspace.preview("job", redo).look(&row(2), &[item("mug", "first")]).unwrap();
        let fate = Fate::SentBack(Box::new(story(workspace).record.item.request));
        assert_eq!(foreseen, Foreseen { items: vec![fate], clashes: vec![] });
    }
    // Only its name is another one: that is followed.
    let named = Item { name: "new".into(), ..item("mug", "first") };
    assert_eq!(read(&mut *run, &[named], Redo::No).updated, 1);
    assert_eq!((story(workspace).record.item.name.as_str(), now(workspace).1.as_str()), ("new", "mine"));
    attempt(&mut *run, Outcome::Done(picture("p2")));
    let named = Item { name: "new".into(), ..item("mug", "first") };
    for redo in [Redo::No, Redo::Yes] {
        assert_eq!(read(&mut *run, std::slice::from_ref(&named), redo).unchanged, 1);
    }
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
}

fn a_row_that_was_edited_since_is_followed(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    assert_eq!(read(&mut *run, &[item("mug", "second")], Redo::No).updated, 1);
    assert_eq!(now(workspace), is(ItemState::Queued, "second"));
    assert_eq!(run.leave_unsent().unwrap(), 0, "it was sent back all the same");
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::No).updated, 1);
    assert_eq!(now(workspace), is(ItemState::Queued, "first"), "its picture was rejected");
    attempt(&mut *run, Outcome::Done(picture("p2")));
    is_queued(workspace, key, "mine");
    attempt(&mut *run, Outcome::Done(picture("p3")));
    assert_eq!(read(&mut *run, &[item("mug", "second")], Redo::No).finished, 1, "it keeps what it has");
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
    assert_eq!(read(&mut *run, &[item("mug", "second")], Redo::Yes).redone, 1);
    assert_eq!(now(workspace), is(ItemState::Queued, "second"));
    // Nobody came to it, and its row reads again as it did: what the person asked for stands.
    assert_eq!(run.leave_unsent().unwrap(), 1);
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
    // Likewise where nobody took it out meanwhile.
    read(&mut *run, &[item("mug", "second")], Redo::Yes);
    read(&mut *run, &[item("mug", "first")], Redo::No);
    assert_eq!(
        (now(workspace), card(workspace, key).record.artifact),
        (is(ItemState::Done, "mine"), Some(picture("p3")))
    );
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
}

fn what_a_row_said_already_is_no_edit(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    assert_eq!(read(&mut *run, &[item("mug", "second")], Redo::No).finished, 1);
    is_queued(workspace, key, "mine");
    for redo in [Redo::No, Redo::Yes] {
        assert_eq!(read(&mut *run, &[item("mug", "second"), item("jug", "jug")], redo).updated, 0);
        assert_eq!(now(workspace), is(ItemState::Queued, "mine"), "the person had the last word");
    }
    workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    assert_eq!(read(&mut *run, &[item("mug", "second")], Redo::No).finished, 1);
    assert_eq!(now(workspace), is(ItemState::Done, "first"));
}

fn a_reference_that_changed_leaves_the_prompt_alone(workspace: &dyn Workspace) {
    let with = |source: &str| Item { sources: Sources(vec![Some(source.to_owned())]), ..item("mug", "first") };
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &[with("a")], Redo::No);
    attempt(&mut *run, Outcome::Done(picture("p1")));
    let key = keys(workspace)[0];
    is_queued(workspace, key, "mine");
    assert_eq!(read(&mut *run, &[with("b")], Redo::No).updated, 1);
    assert_eq!(now(workspace), is(ItemState::Queued, "mine"));
    attempt(&mut *run, Outcome::Done(picture("p2")));
    assert_eq!(read(&mut *run, &[with("c")], Redo::Yes).redone, 1);
    assert_eq!(now(workspace), is(ItemState::Queued, "mine"));
    assert_eq!(run.leave_unsent().unwrap(), 1, "this was asked of one run, and by nobody who sent anything back");
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
}

fn what_was_sent_back_waits_for_whichever_run_comes(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    assert_eq!(run.leave_unsent().unwrap(), 0);
    run.end_run(NOW, "complete").unwrap();
    drop(run);
    let mut run = workspace.run("job").unwrap();
    run.rescue(NOW, OnLost::Resend, vec![]).unwrap();
    assert_eq!(run.leave_unsent().unwrap(), 0);
    assert_eq!(run.narrow(&[ItemId::new("another")]).unwrap(), 0);
    assert!(claim(&mut *run, NOW, 9).is_empty());
    drop(run);
    let mut run = workspace.run("job").unwrap();
    assert_eq!(run.narrow(&[ItemId::new("mug")]).unwrap(), 1);
    assert_eq!(claim(&mut *run, NOW, 9).len(), 1);
}

fn a_person_can_think_better_of_it(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    for named in [None, Some(&[ItemId::new("mug")][..])] {
        is_queued(workspace, key, "mine");
        assert_eq!(workspace.desk().cancel("job", named).unwrap(), 1);
        assert_eq!(now(workspace), is(ItemState::Done, "first"));
        let card = card(workspace, key);
        assert_eq!((card.is_sent_back, card.versions, card.record.artifact), (false, 0, Some(picture("p1"))));
        assert!(card.record.verdict.unwrap().holds, "it is rejected still");
        let acted = workspace.jury().undo(ANNA, "job").unwrap().unwrap();
        assert_eq!((acted.items, acted.left), (vec![key], 0));
        assert_eq!(now(workspace), is(ItemState::Done, "first"));
    }
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
}

fn what_was_sent_back_is_as_it_was_once_that_is_undone(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    let before = (story(workspace), card(workspace, key));
    is_queued(workspace, key, "mine");
    // A request that never left changes nothing.
    let never =
        overnight::domain::Failure { reach: overnight::domain::Reach::Unsent, ..failure(FailureKind::Transient) };
    let attempts = Outcome::Returned { due_at: NOW, failure: never };
    attempt(&mut *run, attempts);
    let acted = workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    assert_eq!((acted.word.as_str(), &acted.items[..], acted.left), ("send_back", &[key][..], 0));
    let (mut after, mut shown) = (story(workspace), card(workspace, key));
    assert_eq!(after.history.len(), 2);
    after.history.truncate(1);
    (shown.record.attempts, after.record.attempts) = (1, 1);
    let acts: Vec<_> = after.acts.drain(before.0.acts.len()..).collect();
    assert!(acts.len() == 1 && acts[0].word == "send_back" && acts[0].undone_at.is_some(), "{acts:?}");
    assert_eq!((after, shown), before);
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
    // Also where its row is gone meanwhile.
    is_queued(workspace, key, "mine");
    read(&mut *run, &[item("jug", "jug")], Redo::No);
    assert_eq!(now(workspace).0, ItemState::Cancelled);
    assert_eq!(workspace.jury().undo(ANNA, "job").unwrap().unwrap().left, 0);
    assert_eq!(now(workspace), is(ItemState::Done, "first"));
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
}

fn what_has_left_stays_sent_back(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    let claims = claim(&mut *run, NOW, 1);
    let sent = start(&mut *run, claims).remove(0);
    let acted = workspace.jury().undo(ANNA, "job").unwrap().unwrap();
    assert_eq!((acted.items, acted.left), (vec![key], 1));
    assert_eq!(card(workspace, key).record.verdict, None, "but what was said is taken back");
    settle(&mut *run, sent, Outcome::Done(picture("p2")));
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
    assert_eq!(story(workspace).versions.len(), 1);
    assert_eq!(read(&mut *run, &[item("mug", "first")], Redo::Yes).unchanged, 1);
}

fn what_was_received_of_it_is_kept(workspace: &dyn Workspace) {
    let (mut run, key) = made(workspace);
    is_queued(workspace, key, "mine");
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    run.commit(NOW, Turn { receipts: vec![(attempt.id, receipt())], ..turn() }).unwrap();
    drop(run);
    assert_eq!(send_back(workspace, key, "another"), SentBack::Running);
    let mut run = workspace.run("job").unwrap();
    let (attempt, _) = run.rescue(NOW, OnLost::Resend, vec![]).unwrap().received.remove(0);
    assert_eq!(
        (attempt.claim.earlier.clone(), attempt.claim.item.request.prompt.as_str()),
        (Some(picture("p1")), "mine")
    );
    settle(&mut *run, attempt, Outcome::Done(picture("p2")));
    assert_eq!(now(workspace), is(ItemState::Done, "mine"));
}
