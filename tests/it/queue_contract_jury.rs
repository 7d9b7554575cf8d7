//! What every queue promises to whoever says something of pictures. Never names an implementation.

use std::collections::HashMap;

use overnight::domain::{Decision, FailureKind, Outcome, Verdict};
use overnight::queue::{Acted, Card, CardKey, Order, Queue, Saw, VerdictRecord, Wanted, Witness, Word};

use crate::queue_contract::{NOW, Promise, Workspace, failure};
use crate::queue_contract_gallery::{ANNA, attempt, cards, keys, list, picture};

pub const PROMISES: &[(&str, Promise)] = &[
    ("said", what_is_said_stands_until_something_else_is),
    ("nothing to say", what_changes_nothing_is_no_act),
    ("favourites", one_picture_of_a_row_stands_for_the_product),
    ("undone", the_newest_act_is_taken_back_first),
    ("another picture", a_decision_is_about_one_picture),
    ("seen", what_nobody_saw_is_not_decided_on),
    ("found", what_came_after_it_was_found_is_not_decided_on),
    ("captions in the results", a_caption_of_ones_own_makes_the_results_stale),
];

const APPROVE: Word = Word::Decide(Some(Decision::Approved));
const REJECT: Word = Word::Decide(Some(Decision::Rejected));

/// Two candidates for one product, another product, and one that fails.
fn job(workspace: &dyn Workspace) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    list(&mut *run, &[(2, &[], &["a-1", "a-2"]), (3, &[], &["b"]), (4, &[], &["c"])]);
    for name in ["p1", "p2", "p3"] {
        attempt(&mut *run, Outcome::Done(picture(name)));
    }
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    run
}

fn say(workspace: &dyn Workspace, items: &[CardKey], word: Word) -> Option<Acted> {
    workspace.jury().say(ANNA, "job", items, &word).unwrap()
}

fn undo(workspace: &dyn Workspace) -> Option<Acted> {
    workspace.jury().undo(ANNA, "job").unwrap()
}

fn card(workspace: &dyn Workspace, key: CardKey) -> Card {
    workspace.gallery().cards("job", &[key]).unwrap().remove(0)
}

fn verdict(workspace: &dyn Workspace, key: CardKey) -> Option<VerdictRecord> {
    card(workspace, key).record.verdict
}

fn said(workspace: &dyn Workspace, key: CardKey) -> Verdict {
    verdict(workspace, key).map(|record| record.verdict).unwrap_or_default()
}

fn what_is_said_stands_until_something_else_is(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    let acted = say(workspace, &[all[2], all[0]], APPROVE).unwrap();
    assert_eq!((acted.word.as_str(), &acted.items[..], acted.left), ("approve", &[all[0], all[2]][..], 0));
    say(workspace, &all[..1], Word::Note(Some("good".into()))).unwrap();
    say(workspace, &all[..1], Word::Caption(Some("A cup".into()))).unwrap();
    let bert = Witness { person: "Bert", now: NOW.moved(5), saw: Saw::Whichever };
    workspace.jury().say(bert, "job", &all[..1], &REJECT).unwrap().unwrap();
    let record = verdict(workspace, all[0]).unwrap();
    let expected = Verdict {
        decision: Some(Decision::Rejected),
        picture: Some("p1".into()),
        favourite: None,
        note: Some("good".into()),
        caption: Some("A cup".into()),
    };
    assert_eq!(
        (record.verdict, record.person.as_str(), record.at, record.holds),
        (expected, "Bert", NOW.moved(5), true)
    );
    assert_eq!(say(workspace, &all[..1], Word::Decide(None)).unwrap().word, "clear");
    let cleared = verdict(workspace, all[0]).unwrap();
    assert_eq!((cleared.verdict.decision, cleared.verdict.picture, cleared.holds), (None, None, false));
    assert_eq!(cleared.verdict.note.as_deref(), Some("good"));
    for word in [Word::Note(None), Word::Caption(None)] {
        say(workspace, &all[..1], word).unwrap();
    }
    assert_eq!(verdict(workspace, all[0]), None, "nothing is said any more");
    // The ledger tells the same.
    let story = workspace.ledger().item("job", &card(workspace, all[2]).record.item.id).unwrap();
    assert_eq!(story.record.verdict, verdict(workspace, all[2]));
}

fn what_changes_nothing_is_no_act(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    assert_eq!(say(workspace, &[CardKey(99)], APPROVE), None);
    assert_eq!(say(workspace, &all[3..], APPROVE), None, "it has no picture");
    assert_eq!(say(workspace, &all, Word::Decide(None)), None);
    assert_eq!(say(workspace, &all, Word::Note(Some("  ".into()))), None);
    assert_eq!(say(workspace, &all[..1], APPROVE).unwrap().items, all[..1]);
    assert_eq!(say(workspace, &all, APPROVE).unwrap().items, all[1..3]);
    assert_eq!(say(workspace, &all, APPROVE), None);
    assert_eq!(say(workspace, &all, REJECT).unwrap().items, all, "what failed can be rejected");
    assert_eq!(say(workspace, &all, REJECT), None);
    assert!(verdict(workspace, all[3]).unwrap().holds);
    assert_eq!(say(workspace, &[], REJECT), None);
    let undone: Vec<_> = std::iter::from_fn(|| undo(workspace)).map(|acted| acted.items.len()).collect();
    assert_eq!(undone, [4, 2, 1]);
}

fn what_nobody_saw_is_not_decided_on(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    let saw = |saw, items: &[CardKey], word: &Word| {
        let acted = workspace.jury().say(Witness { saw, ..ANNA }, "job", items, word).unwrap();
        acted.map_or(0, |acted| acted.items.len())
    };
    assert_eq!(saw(Saw::Picture(Some("p0")), &all[..1], &APPROVE), 0, "another picture has come meanwhile");
    assert_eq!(saw(Saw::Picture(None), &all[..1], &REJECT), 0);
    assert_eq!(saw(Saw::Picture(Some("p1")), &all[..1], &APPROVE), 1);
    assert_eq!(saw(Saw::Picture(None), &all[3..], &REJECT), 1, "it has none, and that was seen");
    assert_eq!(
        saw(Saw::Picture(Some("p0")), &all[..1], &Word::Note(Some("a note".into()))),
        1,
        "a note is of the item"
    );
}

fn what_came_after_it_was_found_is_not_decided_on(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let all = keys(workspace);
    let find = || -> HashMap<_, _> {
        let found = workspace.gallery().find_pictures("job", &Wanted::default(), Order::Manifest).unwrap();
        assert!(found.iter().map(|(key, _)| *key).eq(all.iter().copied()));
        found.into_iter().collect()
    };
    let seen = find();
    // Its picture comes in the very millisecond in which it was looked for, or by a clock that was set back.
    workspace.desk().retry(NOW, "job", &overnight::queue::Selection::Kind(FailureKind::Refused)).unwrap();
    attempt(&mut *run, Outcome::Done(picture("p4")));
    let decide = |seen: &HashMap<_, _>, word: &Word| {
        let acted = workspace.jury().say(Witness { saw: Saw::Found(seen), ..ANNA }, "job", &all, word).unwrap();
        acted.map_or(vec![], |acted| acted.items)
    };
    assert_eq!(decide(&seen, &APPROVE), all[..3], "what was not seen is not approved");
    assert_eq!(decide(&HashMap::new(), &REJECT), [], "what was not found was not seen");
    assert_eq!(decide(&find(), &APPROVE), all[3..]);
}

fn one_picture_of_a_row_stands_for_the_product(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    let favour = |item: usize, name: &str| say(workspace, &all[item..=item], Word::Favourite(Some(name.into())));
    let favourites = || all.iter().map(|key| said(workspace, *key).favourite).collect::<Vec<_>>();
    assert_eq!(favour(0, "p2"), None, "that is another's picture");
    assert_eq!(favour(0, "p1").unwrap().items, all[..1]);
    assert_eq!(favour(2, "p3").unwrap().items, all[2..3]);
    assert_eq!(favour(1, "p2").unwrap().items, all[..2], "both look otherwise now");
    assert_eq!(favourites(), [None, Some("p2".into()), Some("p3".into()), None]);
    assert_eq!(undo(workspace).unwrap().items, all[..2]);
    assert_eq!(favourites(), [Some("p1".into()), None, Some("p3".into()), None]);
    assert_eq!(say(workspace, &all, Word::Favourite(None)).unwrap().items, [all[0], all[2]]);
    assert_eq!(favourites(), [None, None, None, None]);
}

fn the_newest_act_is_taken_back_first(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    assert_eq!(undo(workspace), None);
    say(workspace, &all[..1], APPROVE).unwrap();
    say(workspace, &all[..1], Word::Note(Some("one".into()))).unwrap();
    assert_eq!(undo(workspace).unwrap().word, "note");
    say(workspace, &all[..1], Word::Note(Some("two".into()))).unwrap();
    say(workspace, &all[..3], REJECT).unwrap();
    let acted = undo(workspace).unwrap();
    assert_eq!((acted.word.as_str(), &acted.items[..], acted.left), ("reject", &all[..3], 0));
    let stands = said(workspace, all[0]);
    assert_eq!((stands.decision, stands.note.as_deref()), (Some(Decision::Approved), Some("two")));
    assert_eq!(verdict(workspace, all[1]), None);
    assert_eq!(undo(workspace).unwrap().word, "note");
    assert_eq!(said(workspace, all[0]).note, None, "what was taken back before does not come again");
    assert_eq!(undo(workspace).unwrap().word, "approve");
    assert_eq!((undo(workspace), verdict(workspace, all[0])), (None, None));
}

fn a_decision_is_about_one_picture(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let all = keys(workspace);
    say(workspace, &all[3..], REJECT).unwrap();
    say(workspace, &all[3..], Word::Note(Some("again".into()))).unwrap();
    workspace.desk().retry(NOW, "job", &overnight::queue::Selection::Kind(FailureKind::Refused)).unwrap();
    attempt(&mut *run, Outcome::Done(picture("p4")));
    let record = verdict(workspace, all[3]).unwrap();
    assert_eq!((record.holds, record.verdict.note.as_deref()), (false, Some("again")));
    let open = Wanted { standing: Some(overnight::queue::Standing::Open), ..Wanted::default() };
    assert_eq!(cards(workspace, &open, Order::Manifest).len(), 4);
    assert_eq!(say(workspace, &all[3..], REJECT).unwrap().items, all[3..]);
    assert!(verdict(workspace, all[3]).unwrap().holds);
}

fn a_caption_of_ones_own_makes_the_results_stale(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let all = keys(workspace);
    run.results_begun().unwrap();
    say(workspace, &all, APPROVE).unwrap();
    assert!(!run.results_stale().unwrap());
    say(workspace, &all, Word::Caption(Some("mine".into()))).unwrap();
    assert!(run.results_stale().unwrap());
    run.results_begun().unwrap();
    undo(workspace).unwrap();
    assert!(run.results_stale().unwrap());
}
