//! What every queue promises about the reading of a manifest, and about one it has read before. Never names an
//! implementation.

use overnight::domain::{FailureKind, Fingerprint, Item, ItemId, ManifestRow, OnLost, Outcome, SeenFile};
use overnight::queue::{Enqueued, Queue, Reading, Redo, Selection};

use crate::queue_contract::{NOW, Workspace, artifact, claim, enqueue, failure, item, items, row, settle, start};

const FIRST: Fingerprint = Fingerprint([1; 32]);
const SECOND: Fingerprint = Fingerprint([2; 32]);

/// Takes in one row for each item, and publishes them as read from that.
fn read(run: &mut dyn Queue, items: &[Item], fingerprint: Fingerprint) -> Enqueued {
    let mut intake = run.intake(Redo::No).unwrap();
    for (index, item) in items.iter().enumerate() {
        intake.push(&row(index as u64 + 2), std::slice::from_ref(item)).unwrap();
    }
    intake.publish(&[], Some(fingerprint)).unwrap()
}

/// What is recognised, if anything is.
fn recognised(run: &mut dyn Queue) -> Option<Fingerprint> {
    run.last_reading().unwrap().map(|reading| reading.fingerprint)
}

pub fn what_was_read_is_recognised_with_what_it_would_tell(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    assert_eq!(run.last_reading().unwrap(), None);
    read(&mut *run, &items(4), FIRST);
    let list = [items(3), vec![item("new", "new"), item("new", "new")]].concat();
    let mut intake = run.intake(Redo::No).unwrap();
    for (line, item) in list.iter().enumerate() {
        let row = ManifestRow { has_id: false, ..row(line as u64) };
        intake.push(&row, std::slice::from_ref(item)).unwrap();
    }
    let told = intake.publish(&[], Some(SECOND)).unwrap();
    assert_eq!((told.rows, told.new, told.unchanged, told.removed, told.repeated), (5, 1, 3, 1, 1));
    drop(run);
    let mut run = workspace.run("job").unwrap();
    let again = Enqueued { rows: 5, unchanged: 4, removed: 1, repeated: 1, ..Enqueued::default() };
    assert_eq!(run.last_reading().unwrap(), Some(Reading { fingerprint: SECOND, again }));
    assert_eq!(recognised(&mut *workspace.run("another").unwrap()), None, "every job has its own");
    run.intake(Redo::No).unwrap().publish(&[], None).unwrap();
    assert_eq!(recognised(&mut *run), None);
}

pub fn the_files_of_the_last_reading_are_told_as_they_were_seen_first(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let file = |path: &str, bytes| SeenFile { path: path.into(), bytes, modified: -7, hash: Some([7; 32]) };
    let mut read_with = |seen: &[SeenFile]| {
        let mut intake = run.intake(Redo::No).unwrap();
        seen.iter().for_each(|file| intake.see(file).unwrap());
        intake.publish(&[], Some(FIRST)).unwrap();
        let mut told = vec![];
        let mut note = |file: &SeenFile| {
            told.push(file.clone());
            told.len() < 2
        };
        run.files_seen(&mut note).unwrap();
        told
    };
    assert_eq!(read_with(&[file("b", 2), file("a", 1), file("b", 3)]), [file("a", 1), file("b", 2)]);
    assert_eq!(read_with(&[file("c", 4)]), [file("c", 4)]);
    assert_eq!(read_with(&[file("d", 1), file("e", 1), file("f", 1)]).len(), 2, "until somebody has heard enough");
}

pub fn a_reading_that_was_refused_or_cut_off_is_followed_by_another(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &items(2), FIRST);
    for is_killed in [false, true] {
        let mut intake = run.intake(Redo::No).unwrap();
        intake.see(&SeenFile { path: "a".into(), bytes: 1, modified: 1, hash: None }).unwrap();
        intake.push(&row(2), &[item("other", "other")]).unwrap();
        if is_killed {
            drop(intake)
        } else {
            intake.abandon().unwrap()
        }
        assert_eq!(recognised(&mut *run), None);
        read(&mut *run, &items(2), FIRST);
        assert_eq!(recognised(&mut *run), Some(FIRST));
        run.files_seen(&mut |file| panic!("{file:?} was seen by a reading that nobody saw")).unwrap();
    }
    assert_eq!(claim(&mut *run, NOW, 9).len(), 2, "what was never published is not made");
}

pub fn what_may_take_its_new_request_later_is_read_again(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &items(2), FIRST);
    let claims = claim(&mut *run, NOW, 2);
    let mut attempts = start(&mut *run, claims);
    settle(&mut *run, attempts.remove(0), Outcome::Done(artifact()));
    let retry = Outcome::Retry { due_at: NOW, failure: failure(FailureKind::Transient) };
    settle(&mut *run, attempts.remove(0), retry);
    let edited = [item("item-0", "edited"), item("item-1", "edited")];
    assert_eq!(read(&mut *run, &edited, SECOND).kept, 2);
    assert_eq!(recognised(&mut *run), None, "the one that waits may fail, and be asked anew");
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    settle(&mut *run, attempt, Outcome::Failed(failure(FailureKind::Rejected)));
    let told = read(&mut *run, &edited, SECOND);
    assert_eq!((told.updated, told.kept), (1, 1));
    let again = run.last_reading().unwrap().unwrap().again;
    assert_eq!((again.unchanged, again.kept), (1, 1), "what is done stays as it is for good, and that is told again");
}

pub fn a_list_is_read_again_while_something_waits_that_is_not_on_it(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    read(&mut *run, &items(2), FIRST);
    read(&mut *run, &items(1), SECOND);
    assert_eq!(recognised(&mut *run), Some(SECOND));
    let named = Selection::Items(vec![ItemId::new("item-1")]);
    assert_eq!(workspace.desk().retry(NOW, "job", &named).unwrap(), 1);
    assert_eq!(recognised(&mut *run), None);
    read(&mut *run, &items(1), SECOND);
    assert_eq!(claim(&mut *run, NOW, 9).len(), 1, "its row is still gone");
    drop(run);
    let mut run = workspace.run("job").unwrap();
    run.rescue(NOW, OnLost::Resend, vec![]).unwrap();
    assert_eq!(workspace.desk().cancel("job", None).unwrap(), 1);
    assert_eq!(recognised(&mut *run), Some(SECOND), "a person's hand on what is listed is left as it is");
}

pub fn an_abandoned_manifest_leaves_no_trace(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    let mut intake = run.intake(Redo::No).unwrap();
    for (line, item) in items(30).iter().enumerate() {
        intake.push(&row(line as u64), std::slice::from_ref(item)).unwrap();
    }
    intake.abandon().unwrap();
    assert_eq!(run.counts().unwrap().total(), 2);
    assert_eq!(claim(&mut *run, NOW, 99).len(), 2);
    let mut rows = 0;
    let mut count = |_| {
        rows += 1;
        true
    };
    workspace.ledger().rows("job", &mut count).unwrap();
    assert_eq!(rows, 2);
}

pub fn others_write_while_a_reading_waits_for_its_next_row(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    for (is_published, total) in [(false, 0), (true, 2)] {
        let mut intake = run.intake(Redo::No).unwrap();
        intake.rest().unwrap();
        for (line, item) in items(2).iter().enumerate() {
            intake.push(&row(line as u64), std::slice::from_ref(item)).unwrap();
            intake.rest().unwrap();
            enqueue(&mut *workspace.run("other").unwrap(), &items(1));
        }
        assert_eq!(run.counts().unwrap().total(), 0, "nobody sees it before its end");
        match is_published {
            true => drop(intake.publish(&["id".to_owned()], None).unwrap()),
            false => intake.abandon().unwrap(),
        }
        assert_eq!(run.counts().unwrap().total(), total);
    }
}
