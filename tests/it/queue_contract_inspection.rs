//! What every queue promises to whoever inspects pictures. Never names an implementation.

use std::time::Duration;

use overnight::domain::{Check, Decision, Impression, Outcome};
use overnight::queue::{CardKey, Finding, Order, Queue, Redo, Wanted, Word};

use crate::queue_contract::{NOW, Promise, Workspace, item, row};
use crate::queue_contract_gallery::{ANNA, attempt, attempt_at, cards, keys, list, picture};

pub const PROMISES: &[(&str, Promise)] = &[
    ("inspected", a_picture_is_looked_at_once),
    ("found", what_was_found_strikes_the_eye_as_long_as_the_picture_is_there),
    ("impressions", how_a_picture_looks_is_kept_to_the_bit),
    ("favourites are spared", an_earlier_picture_that_is_a_favourite_is_told),
];

/// Three pictures and one that waits.
fn job(workspace: &dyn Workspace) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    list(&mut *run, &[(2, &[], &["a"]), (3, &[], &["b"]), (4, &[], &["c"]), (5, &[], &["d"])]);
    for (name, after) in [("p1", 30), ("p2", 10), ("p3", 20)] {
        attempt_at(&mut *run, NOW.after(Duration::from_secs(after)), Outcome::Done(picture(name)), None);
    }
    run
}

fn finding(key: CardKey, name: &str, found: &[Check], twin: Option<CardKey>) -> Finding {
    Finding { key, picture: name.into(), found: found.to_vec(), twin }
}

fn unseen(workspace: &dyn Workspace, most: usize) -> Vec<CardKey> {
    workspace.inspection().unseen("job", most).unwrap().into_iter().map(|unseen| unseen.key).collect()
}

fn a_picture_is_looked_at_once(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let all = keys(workspace);
    assert_eq!(unseen(workspace, 9), [all[1], all[2], all[0]], "the longest waiting first");
    assert_eq!(unseen(workspace, 1), [all[1]]);
    let first = workspace.inspection().unseen("job", 1).unwrap().remove(0);
    assert_eq!((first.artifact, first.item.request.prompt.as_str()), (picture("p2"), "prompt of b"));
    let findings = [finding(all[1], "p2", &[], None), finding(all[2], "gone", &[Check::Blank], None)];
    workspace.inspection().note("job", &[], &findings).unwrap();
    assert_eq!(unseen(workspace, 9), [all[2], all[0]], "what was said of another picture is left out");
    workspace.jury().send_back(ANNA, "job", all[1], "again").unwrap();
    assert_eq!(unseen(workspace, 9), [all[2], all[0]]);
    attempt(&mut *run, Outcome::Done(picture("p9")));
    assert_eq!(unseen(workspace, 9).len(), 3);
}

fn what_was_found_strikes_the_eye_as_long_as_the_picture_is_there(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let all = keys(workspace);
    let findings = [
        finding(all[0], "p1", &[], None),
        finding(all[1], "p2", &[Check::Tiny, Check::Duplicate], Some(all[0])),
        finding(all[2], "p3", &[Check::Tiny], Some(CardKey(99))),
    ];
    workspace.inspection().note("job", &[], &findings).unwrap();
    let tiny = Wanted { check: Some(Check::Tiny), ..Wanted::default() };
    let [second, third] = &cards(workspace, &tiny, Order::Manifest)[..] else { panic!("not two") };
    assert_eq!((&second.found[..], second.twin), (&[Check::Tiny, Check::Duplicate][..], Some(all[0])));
    assert_eq!((&third.found[..], third.twin), (&[Check::Tiny][..], None), "there is no such item");
    let tally = workspace.gallery().review_tally("job").unwrap();
    assert_eq!(tally.checks.into_iter().collect::<Vec<_>>(), [("duplicate", 1), ("tiny", 2)]);
    let order = workspace.gallery().find("job", &Wanted::default(), Order::Trouble).unwrap();
    assert_eq!(order, [all[1], all[2], all[0], all[3]]);
    workspace.inspection().note("job", &[], &[finding(all[2], "p3", &[], None)]).unwrap();
    workspace.jury().send_back(ANNA, "job", all[1], "again").unwrap();
    attempt(&mut *run, Outcome::Done(picture("p9")));
    assert!(cards(workspace, &tiny, Order::Manifest).is_empty());
    let card = workspace.gallery().cards("job", &all[1..2]).unwrap().remove(0);
    assert_eq!((card.found, card.twin), (vec![], None));
}

fn how_a_picture_looks_is_kept_to_the_bit(workspace: &dyn Workspace) {
    let _run = job(workspace);
    let all = keys(workspace);
    let mut grid = [0; 192];
    grid.iter_mut().enumerate().for_each(|(at, place)| *place = at as u8);
    let first = Impression { width: 1024, height: 768, is_blank: false, hash: u64::MAX - 1, grid };
    let second = Impression { is_blank: true, hash: 1, ..first };
    let mut inspection = workspace.inspection();
    inspection.note("job", &[("p3".into(), second), ("p1".into(), second), ("other".into(), first)], &[]).unwrap();
    inspection.note("job", &[("p1".into(), first)], &[]).unwrap();
    assert_eq!(inspection.impression("p1").unwrap(), Some(first));
    assert_eq!((inspection.impression("other").unwrap(), inspection.impression("p2").unwrap()), (Some(first), None));
    assert_eq!(inspection.impressions("job").unwrap(), [(all[0], first), (all[2], second)]);
}

fn an_earlier_picture_that_is_a_favourite_is_told(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let made = |run: &mut dyn Queue, prompt: &str| {
        let mut intake = run.intake(Redo::Yes).unwrap();
        intake.push(&row(2), &[item("mug", prompt)]).unwrap();
        intake.publish(&[], None).unwrap();
        attempt(run, Outcome::Done(picture(prompt)));
    };
    for prompt in ["p1", "p2", "p3"] {
        made(&mut *run, prompt);
    }
    let all = keys(workspace);
    let mut jury = workspace.jury();
    jury.say(ANNA, "job", &all, &Word::Favourite(Some("p1".into()))).unwrap().unwrap();
    jury.say(ANNA, "job", &all, &Word::Decide(Some(Decision::Rejected))).unwrap().unwrap();
    let favourites = || workspace.upkeep().earlier("job").unwrap().iter().map(|it| it.is_favourite).collect::<Vec<_>>();
    assert_eq!(favourites(), [true, false]);
    jury.say(ANNA, "job", &all, &Word::Favourite(Some("p3".into()))).unwrap().unwrap();
    assert_eq!(favourites(), [false, false]);
}
