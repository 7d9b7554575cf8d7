//! What every queue promises to whoever looks at pictures. Never names an implementation.

use std::time::Duration;

use overnight::domain::{Artifact, Decision, FailureKind, ImageFile, Item, ManifestRow, Outcome, Timestamp, Usd};
use overnight::queue::{
    Card, CardKey, ItemState, Order, Queue, Redo, Saw, Settlement, Standing, Turn, Wanted, Witness, Word,
};
use serde_json::json;

use crate::queue_contract::{NOW, Promise, Workspace, claim, failure, item, start, turn};

pub const PROMISES: &[(&str, Promise)] = &[
    ("found by what is written", words_are_found_wherever_they_stand),
    ("found by a cell", a_cell_is_found_by_its_exact_text),
    ("found by state and standing", items_are_found_by_where_they_are),
    ("in order", what_is_found_comes_in_the_order_wanted),
    ("counted for review", what_is_listed_is_counted_by_sort),
    ("cards", a_card_shows_the_row_and_its_candidates),
    ("rows on one line", items_of_rows_on_one_line_have_their_own_cells),
    ("read again meanwhile", a_manifest_that_is_being_read_again_confuses_nobody),
    ("something changed", a_change_by_anyone_is_noticed),
];

pub const ANNA: Witness<'_> = Witness { person: "Anna", now: NOW, saw: Saw::Whichever };

/// A picture whose bytes hash to this.
pub fn picture(blake3: &str) -> Artifact {
    let image = ImageFile { file: "a.png".into(), bytes: 9, blake3: blake3.into(), width: Some(9), height: Some(9) };
    Artifact { images: vec![image], caption: Some(format!("Légende {blake3}")), finish_reason: None }
}

/// Takes in these rows: of each its line, its cells, and the ids of its items.
pub fn list(run: &mut dyn Queue, rows: &[(u64, &[&str], &[&str])]) {
    let mut intake = run.intake(Redo::No).unwrap();
    for (line, cells, ids) in rows {
        let cells = cells.iter().map(|cell| json!(cell)).collect();
        let items: Vec<Item> = ids.iter().map(|id| item(id, &format!("prompt of {id}"))).collect();
        assert_eq!(intake.push(&ManifestRow { line: *line, cells, has_id: true }, &items).unwrap(), []);
    }
    intake.publish(&["id".to_owned(), "type".to_owned()], None).unwrap();
}

/// Tries the next item; returns its id.
pub fn attempt_at(run: &mut dyn Queue, now: Timestamp, outcome: Outcome, cost: Option<Usd>) -> String {
    let claims = claim(run, now, 1);
    let attempt = start(run, claims).remove(0);
    let id = attempt.claim.item.id.as_str().to_owned();
    run.commit(now, Turn { settlements: vec![Settlement { attempt, outcome, cost }], ..turn() }).unwrap();
    id
}

pub fn attempt(run: &mut dyn Queue, outcome: Outcome) -> String {
    attempt_at(run, NOW, outcome, None)
}

pub fn cards(workspace: &dyn Workspace, wanted: &Wanted, order: Order) -> Vec<Card> {
    let gallery = workspace.gallery();
    let keys = gallery.find("job", wanted, order).unwrap();
    gallery.cards("job", &keys).unwrap()
}

fn ids(workspace: &dyn Workspace, wanted: &Wanted, order: Order) -> Vec<String> {
    cards(workspace, wanted, order).iter().map(|card| card.record.item.id.to_string()).collect()
}

/// All items, as the manifest has them.
pub fn keys(workspace: &dyn Workspace) -> Vec<CardKey> {
    workspace.gallery().find("job", &Wanted::default(), Order::Manifest).unwrap()
}

/// Three products: a cup in two variants, a jug, and a pot that the model refuses; the fourth row waits.
fn shelf(workspace: &dyn Workspace) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    let rows: &[(u64, &[&str], &[&str])] = &[
        (2, &["cup", "Tasse à café"], &["cup-1", "cup-2"]),
        (4, &["jug", "Krug"], &["jug"]),
        (5, &["pot", "Krug"], &["pot"]),
        (6, &["urn", ""], &["urn"]),
    ];
    list(&mut *run, rows);
    for number in 1..=3 {
        let now = NOW.after(Duration::from_secs(number));
        let cost = Some(Usd::from_nanos(number as i64));
        attempt_at(&mut *run, now, Outcome::Done(picture(&format!("p{number}"))), cost);
    }
    attempt(&mut *run, Outcome::Failed(failure(FailureKind::Refused)));
    run
}

fn words(text: &str) -> Wanted {
    Wanted { words: text.split(' ').map(str::to_owned).collect(), ..Wanted::default() }
}

fn words_are_found_wherever_they_stand(workspace: &dyn Workspace) {
    let _run = shelf(workspace);
    let all = keys(workspace);
    let mut jury = workspace.jury();
    jury.say(ANNA, "job", &all[2..3], &Word::Note(Some("Henkel fehlt".into()))).unwrap();
    jury.say(ANNA, "job", &all[3..4], &Word::Caption(Some("Ein Töpfchen".into()))).unwrap();
    for (text, expected) in [
        ("CUP-2", &["cup-2"][..]),
        ("PROMPT", &["cup-1", "cup-2", "jug", "pot", "urn"]),
        ("cafe prompt", &["cup-1", "cup-2"]),
        ("krug", &["jug", "pot"]),
        ("krug legende", &["jug"]),
        ("henkel KRUG p3", &["jug"]),
        ("topfchen", &["pot"]),
        ("refused", &["pot"]),
        ("cup krug", &[]),
        ("", &["cup-1", "cup-2", "jug", "pot", "urn"]),
    ] {
        assert_eq!(ids(workspace, &words(text), Order::Manifest), expected, "{text}");
    }
}

fn a_cell_is_found_by_its_exact_text(workspace: &dyn Workspace) {
    let _run = shelf(workspace);
    let cell = |text: &str| Wanted { cell: Some((1, text.into())), ..Wanted::default() };
    assert_eq!(ids(workspace, &cell("Krug"), Order::Manifest), ["jug", "pot"]);
    assert_eq!(ids(workspace, &cell("krug"), Order::Manifest), [""; 0]);
    assert_eq!(ids(workspace, &cell(""), Order::Manifest), ["urn"]);
    assert_eq!(ids(workspace, &Wanted { words: vec!["jug".into()], ..cell("Krug") }, Order::Manifest), ["jug"]);
    let values = workspace.gallery().values("job", 1, 2).unwrap();
    assert_eq!(values, [("Krug".to_owned(), 2), (String::new(), 1)]);
}

fn items_are_found_by_where_they_are(workspace: &dyn Workspace) {
    let run = shelf(workspace);
    let all = keys(workspace);
    let mut jury = workspace.jury();
    jury.say(ANNA, "job", &all[..1], &Word::Decide(Some(Decision::Approved))).unwrap();
    jury.say(ANNA, "job", &all[1..2], &Word::Decide(Some(Decision::Rejected))).unwrap();
    jury.say(ANNA, "job", &all[..1], &Word::Favourite(Some("p1".into()))).unwrap();
    jury.say(ANNA, "job", &all[2..3], &Word::Note(Some("?".into()))).unwrap();
    for (standing, expected) in [
        (Standing::Open, &["jug"][..]),
        (Standing::Approved, &["cup-1"]),
        (Standing::Rejected, &["cup-2"]),
        (Standing::Favourite, &["cup-1"]),
        (Standing::SentBack, &[]),
        (Standing::Noted, &["jug"]),
    ] {
        let wanted = Wanted { standing: Some(standing), ..Wanted::default() };
        assert_eq!(ids(workspace, &wanted, Order::Manifest), expected, "{standing:?}");
    }
    let failed = Wanted { kind: Some(FailureKind::Refused), ..Wanted::default() };
    let queued = Wanted { state: Some(ItemState::Queued), ..Wanted::default() };
    assert_eq!(
        (ids(workspace, &failed, Order::Id), ids(workspace, &queued, Order::Id)),
        (vec!["pot".into()], vec!["urn".into()])
    );
    drop(run);
    // What is listed no more is found no more, but its card can still be looked at.
    let mut run = workspace.run("job").unwrap();
    list(&mut *run, &[(2, &["cup", ""], &["cup-1", "cup-2"])]);
    assert_eq!(keys(workspace), all[..2]);
    let gone = workspace.gallery().cards("job", &[all[2], CardKey(99)]).unwrap();
    let told = (gone.len(), gone[0].record.item.id.as_str(), gone[0].cells.len(), &gone[0].siblings[..]);
    assert_eq!(told, (1, "jug", 0, &all[2..3]));
}

fn what_is_found_comes_in_the_order_wanted(workspace: &dyn Workspace) {
    let mut run = shelf(workspace);
    attempt(&mut *run, Outcome::Retry { due_at: NOW, failure: failure(FailureKind::Transient) });
    attempt_at(&mut *run, NOW.after(Duration::from_secs(9)), Outcome::Done(picture("p9")), None);
    for (order, expected) in [
        (Order::Manifest, ["cup-1", "cup-2", "jug", "pot", "urn"]),
        (Order::Id, ["cup-1", "cup-2", "jug", "pot", "urn"]),
        (Order::Trouble, ["pot", "cup-1", "cup-2", "jug", "urn"]),
        (Order::Newest, ["urn", "jug", "cup-2", "cup-1", "pot"]),
        (Order::Attempts, ["urn", "cup-1", "cup-2", "jug", "pot"]),
        (Order::Cost, ["jug", "cup-2", "cup-1", "pot", "urn"]),
    ] {
        assert_eq!(ids(workspace, &Wanted::default(), order), expected, "{order:?}");
    }
}

fn what_is_listed_is_counted_by_sort(workspace: &dyn Workspace) {
    let _run = shelf(workspace);
    let all = keys(workspace);
    workspace.jury().say(ANNA, "job", &all[..1], &Word::Decide(Some(Decision::Approved))).unwrap();
    let tally = workspace.gallery().review_tally("job").unwrap();
    assert_eq!(tally.items, 5);
    assert_eq!(tally.states.into_iter().collect::<Vec<_>>(), [("done", 3), ("failed", 1), ("queued", 1)]);
    assert_eq!(tally.kinds.into_iter().collect::<Vec<_>>(), [("refused", 1)]);
    assert_eq!(tally.standings.into_iter().collect::<Vec<_>>(), [("approved", 1), ("open", 2)]);
    assert!(tally.checks.is_empty());
}

fn a_card_shows_the_row_and_its_candidates(workspace: &dyn Workspace) {
    let _run = shelf(workspace);
    let all = keys(workspace);
    let shown = workspace.gallery().cards("job", &[all[1], all[0], CardKey(-1)]).unwrap();
    let [second, first] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((first.key, second.key, &first.siblings[..]), (all[0], all[1], &all[..2]));
    assert_eq!((second.line, &second.cells[..]), (2, &[json!("cup"), json!("Tasse à café")][..]));
    assert_eq!((second.record.artifact.clone(), second.record.state), (Some(picture("p2")), ItemState::Done));
    assert_eq!((second.is_sent_back, &second.earlier, second.versions, second.twin), (false, &None, 0, None));
    assert!(workspace.gallery().find("another", &Wanted::default(), Order::Id).is_err());
}

fn items_of_rows_on_one_line_have_their_own_cells(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    list(&mut *run, &[(2, &["a", "white"], &["a-white"]), (2, &["a", "oak"], &["a-oak"]), (3, &["b", ""], &["b"])]);
    let cells: Vec<_> =
        cards(workspace, &Wanted::default(), Order::Manifest).into_iter().map(|card| card.cells).collect();
    assert_eq!(cells, [vec![json!("a"), json!("white")], vec![json!("a"), json!("oak")], vec![json!("b"), json!("")]]);
}

fn a_manifest_that_is_being_read_again_confuses_nobody(workspace: &dyn Workspace) {
    let mut run = shelf(workspace);
    let before = cards(workspace, &Wanted::default(), Order::Manifest);
    let mut intake = run.intake(Redo::No).unwrap();
    for line in 2..10_010 {
        let id = match line {
            9_000 => "jug".to_owned(),
            _ => format!("new-{line}"),
        };
        let row = ManifestRow { line, cells: vec![], has_id: true };
        intake.push(&row, &[item(&id, &format!("prompt of {id}"))]).unwrap();
    }
    // What was written of it so far is nobody's business.
    let mut after = cards(workspace, &Wanted::default(), Order::Manifest);
    after.sort_by_key(|card| card.key);
    let shown = |cards: &[Card]| cards.iter().map(|card| (card.key, card.cells.clone())).collect::<Vec<_>>();
    assert_eq!(shown(&after), shown(&before));
    assert_eq!(ids(workspace, &words("krug jug"), Order::Manifest), ["jug"]);
    intake.abandon().unwrap();
}

fn a_change_by_anyone_is_noticed(workspace: &dyn Workspace) {
    let mut run = shelf(workspace);
    let gallery = workspace.gallery();
    let first = gallery.change().unwrap();
    assert_eq!(gallery.change().unwrap(), first);
    attempt(&mut *run, Outcome::Done(picture("p5")));
    let second = gallery.change().unwrap();
    assert_ne!(second, first);
    gallery.find("job", &Wanted::default(), Order::Id).unwrap();
    assert_eq!(gallery.change().unwrap(), second, "to look changes nothing");
    workspace.jury().say(ANNA, "job", &keys(workspace), &Word::Note(Some("!".into()))).unwrap();
    assert_ne!(gallery.change().unwrap(), second);
}
