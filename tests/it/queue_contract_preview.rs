//! What every queue promises to who asks what a manifest would change. Never names an implementation.

use overnight::domain::{FailureKind, Item, ItemId, ManifestRow, Outcome, Sources};
use overnight::queue::{
    Clash, ClashOver, Enqueued, Fate, Foreseen, Gone, ItemRecord, ItemState, Preview, Queue, RecentAttempt, Redo,
    RowRecord,
};

use crate::queue_contract::{NOW, Promise, Workspace, artifact, claim, enqueue, failure, item, row, settle, start};

pub const PROMISES: &[(&str, Promise)] = &[
    ("foreseen", what_is_foreseen_is_what_then_happens),
    ("foreseen, with what is made again", what_is_foreseen_to_be_made_again_is_queued_anew),
    ("foreseen clashes", clashes_are_foreseen_as_the_intake_tells_them),
    ("foreseen for nobody", where_nothing_is_known_everything_is_new),
    ("recent attempts", the_newest_attempts_are_told_whatever_job_they_were_of),
    ("foreseen beside a run", a_preview_and_a_run_do_not_stand_in_each_others_way),
];

fn with(id: &str, prompt: &str, source: &str) -> Item {
    Item { sources: Sources(vec![Some(source.to_owned())]), ..item(id, prompt) }
}

/// The items as they are known, those that are attempted first.
const KNOWN: [&str; 14] = [
    "done",
    "done, other prompt",
    "done, other name",
    "done, other reference",
    "failed",
    "failed, other prompt",
    "failed, other reference",
    "paid",
    "paid, other prompt",
    "paid, other reference",
    "waits",
    "waits, other prompt",
    "taken out",
    "taken out, other prompt",
];

/// A job with an item of each kind, one that was on the manifest before the last reading, and one that will be gone.
fn job(workspace: &dyn Workspace) -> Box<dyn Queue> {
    let mut run = workspace.run("job").unwrap();
    let mut all: Vec<Item> = KNOWN.iter().map(|id| with(id, "as it was", "as it was")).collect();
    all.extend(["came back", "gone"].map(|id| item(id, "as it was")));
    enqueue(&mut *run, &all);
    let claims = claim(&mut *run, NOW, 10);
    for attempt in start(&mut *run, claims) {
        let outcome = match attempt.claim.item.id.as_str().split(',').next().unwrap() {
            "done" => Outcome::Done(artifact()),
            "failed" => Outcome::Failed(failure(FailureKind::Refused)),
            _ => Outcome::Retry { due_at: NOW, failure: failure(FailureKind::Transient) },
        };
        settle(&mut *run, attempt, outcome);
    }
    let taken_out = KNOWN[12..].iter().map(|id| ItemId::new(*id)).collect::<Vec<_>>();
    workspace.desk().cancel("job", Some(&taken_out)).unwrap();
    all.remove(KNOWN.len());
    enqueue(&mut *run, &all);
    run
}

/// What the next manifest says.
fn next() -> Vec<Item> {
    let edited = |id: &&str| match id.split_once(", other ").map(|(_, what)| what) {
        Some("prompt") => with(id, "another", "as it was"),
        Some("reference") => with(id, "as it was", "another"),
        Some(_) => Item { name: "another".into(), ..with(id, "as it was", "as it was") },
        None => with(id, "as it was", "as it was"),
    };
    let mut next: Vec<Item> = KNOWN.iter().map(edited).collect();
    next.extend(["came back", "new", "new"].map(|id| item(id, "as it was")));
    next
}

fn without_id(line: usize) -> ManifestRow {
    ManifestRow { has_id: false, ..row(line as u64) }
}

fn look(preview: &mut dyn Preview, list: &[Item]) -> Vec<Fate> {
    let look = |(line, item): (usize, &Item)| {
        let Foreseen { mut items, clashes } = preview.look(&without_id(line), std::slice::from_ref(item)).unwrap();
        assert_eq!((items.len(), clashes), (1, vec![]));
        items.remove(0)
    };
    list.iter().enumerate().map(look).collect()
}

fn gone(preview: &dyn Preview) -> Vec<Gone> {
    let mut gone = vec![];
    let mut note = |item| {
        gone.push(item);
        true
    };
    preview.gone(&mut note).unwrap();
    gone
}

/// What would be told of a reading with these fates.
fn told(fates: &[Fate], gone: usize) -> Enqueued {
    let mut told = Enqueued { rows: fates.len() as u64, removed: gone as u64, ..Enqueued::default() };
    for fate in fates {
        let number = match fate {
            Fate::New => &mut told.new,
            Fate::Repeated => &mut told.repeated,
            Fate::Same(_) | Fate::SentBack(_) => &mut told.unchanged,
            Fate::Updated { .. } => &mut told.updated,
            Fate::Redone { .. } => &mut told.redone,
            Fate::Changed { state, .. } => {
                told.finished += u64::from(*state == ItemState::Done);
                &mut told.kept
            }
        };
        *number += 1;
    }
    told
}

fn records(workspace: &dyn Workspace) -> Vec<ItemRecord> {
    let mut records = vec![];
    let mut note = |row: RowRecord| {
        records.extend(row.items);
        true
    };
    workspace.ledger().rows("job", &mut note).unwrap();
    records
}

fn what_is_foreseen_is_what_then_happens(workspace: &dyn Workspace) {
    let counts = foreseen_and_done(workspace, Redo::No);
    assert_eq!((counts.new, counts.updated, counts.kept, counts.finished, counts.unchanged), (1, 6, 4, 3, 5));
}

fn what_is_foreseen_to_be_made_again_is_queued_anew(workspace: &dyn Workspace) {
    let counts = foreseen_and_done(workspace, Redo::Yes);
    assert_eq!((counts.updated, counts.redone, counts.kept, counts.finished, counts.unchanged), (6, 3, 1, 0, 5));
}

fn foreseen_and_done(workspace: &dyn Workspace, redo: Redo) -> Enqueued {
    let mut run = job(workspace);
    let mut preview = workspace.preview("job", redo);
    let fates = look(&mut *preview, &next());
    let removed = gone(&*preview);
    assert_eq!(removed, [Gone { id: ItemId::new("gone"), state: ItemState::Queued }]);
    let mut intake = run.intake(redo).unwrap();
    for (line, item) in next().iter().enumerate() {
        intake.push(&without_id(line), std::slice::from_ref(item)).unwrap();
    }
    let enqueued = intake.publish(&[], None).unwrap();
    assert_eq!(enqueued, told(&fates, removed.len()));
    for ((fate, item), record) in fates.iter().zip(next()).zip(records(workspace)) {
        let ItemRecord { item: now, state, .. } = record;
        match fate {
            Fate::New | Fate::Redone { .. } => assert_eq!((now, state), (item, ItemState::Queued)),
            Fate::Updated { before, state: stood, .. } => {
                assert_eq!((&now.request, &now.name, &now.sources), (&item.request, &item.name, &item.sources));
                let is_back = item.id.as_str() == "came back";
                let stays = matches!(stood, ItemState::Queued | ItemState::Cancelled) && !is_back;
                assert_eq!(state, if stays { *stood } else { ItemState::Queued }, "{now:?}");
                assert_eq!(before.request.prompt, "as it was");
            }
            Fate::Changed { before, state: stood } => {
                assert_eq!((&now.request, &now.name, state), (&before.request, &before.name, *stood));
                assert_eq!(Some(&now.sources), before.sources.as_ref());
            }
            Fate::Same(stood) => assert_eq!((now, state), (item, *stood)),
            Fate::SentBack(request) => assert_eq!(now.request, **request),
            Fate::Repeated => assert_eq!(now.id, item.id),
        }
    }
    enqueued
}

fn the_newest_attempts_are_told_whatever_job_they_were_of(workspace: &dyn Workspace) {
    let told = |most| {
        let mut told = vec![];
        let preview = workspace.preview("another", Redo::No);
        preview.recent_attempts("m", most, &mut |recent: RecentAttempt| told.push(recent.end.as_str())).unwrap();
        preview.recent_attempts("another model", most, &mut |recent| panic!("{recent:?}")).unwrap();
        told
    };
    assert!(told(9).is_empty(), "where there is no database");
    let _run = job(workspace);
    assert_eq!(told(4), ["transient", "transient", "transient", "refused"]);
    assert_eq!(told(99).iter().filter(|end| **end == "done").count(), 4);
}

fn clashes_are_foreseen_as_the_intake_tells_them(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let list = [
        (2, item("mug", "a")),
        (3, item("mug", "b")),
        (4, Item { name: "MUG".into(), ..item("cup", "c") }),
        (5, Item { name: "done".into(), ..item("waits", "d") }),
        (6, item("done", "e")),
    ];
    let (mut preview, mut intake) = (workspace.preview("job", Redo::No), run.intake(Redo::No).unwrap());
    let mut clashes: Vec<Clash> = vec![];
    for (line, item) in list {
        let foreseen = preview.look(&row(line), std::slice::from_ref(&item)).unwrap().clashes;
        assert_eq!(foreseen, intake.push(&row(line), &[item]).unwrap(), "line {line}");
        clashes.extend(foreseen);
    }
    let over = |over, first_line| Clash { over, first_line };
    let (id, name) = (ClashOver::Id(ItemId::new("mug")), ClashOver::Name("MUG".into()));
    assert_eq!(clashes, [over(id, 2), over(name, 2), over(ClashOver::Name("done".into()), 5)]);
    intake.abandon().unwrap();
}

fn where_nothing_is_known_everything_is_new(workspace: &dyn Workspace) {
    for _ in 0..2 {
        let mut preview = workspace.preview("unknown", Redo::Yes);
        assert_eq!(look(&mut *preview, &[item("a", "a"), item("b", "b")]), [Fate::New, Fate::New]);
        assert_eq!(gone(&*preview), []);
        drop(preview);
        // First without a database, then with one that knows other jobs.
        job(workspace);
    }
}

fn a_preview_and_a_run_do_not_stand_in_each_others_way(workspace: &dyn Workspace) {
    let mut run = job(workspace);
    let mut preview = workspace.preview("job", Redo::No);
    assert_eq!(look(&mut *preview, &[with("waits", "as it was", "as it was")]), [Fate::Same(ItemState::Queued)]);
    // A reading that is not over yet is nobody's business.
    let mut intake = run.intake(Redo::No).unwrap();
    intake.push(&row(2), &[item("unpublished", "p")]).unwrap();
    assert_eq!(look(&mut *preview, &[item("unpublished", "p")]), [Fate::New]);
    assert_eq!(gone(&*preview).len(), KNOWN.len() + 1, "all but the one that was looked at");
    intake.abandon().unwrap();
    assert_eq!(claim(&mut *run, NOW, 9).len(), 6);
    let running = gone(&*preview).iter().filter(|gone| gone.state == ItemState::Running).count();
    assert_eq!(running, 5, "all that were claimed but the one that was looked at");
}
