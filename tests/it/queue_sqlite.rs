//! The SQLite queue, held to the promises of every queue and to its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use overnight::domain::{Item, OnLost, Outcome, Sources, Timestamp};
use overnight::queue::sqlite::{
    Database, JobEntry, SqliteDesk, SqliteLedger, SqlitePreview, SqliteQueue, SqliteReview, SqliteUpkeep,
};
use overnight::queue::{
    Desk, Fate, Gallery, Inspection, Inventory, Jury, Ledger, Preview, Queue, QueueError, Redo, Upkeep,
};
use tempfile::TempDir;

use crate::queue_contract::{NOW, Workspace, artifact, claim, enqueue, every_promise, item, row, settle, start};
use crate::queue_contract_review::Reviewed;

struct Sqlite {
    _folder: TempDir,
    path: PathBuf,
}

impl Sqlite {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("overnight.db");
        Self { _folder: folder, path }
    }
}

fn entry(job: &str, manifest: &str) -> JobEntry {
    JobEntry {
        name: job.into(),
        manifest: manifest.into(),
        output: "/output".into(),
        holder: "process 1 of the tester".into(),
        scheduled_for: None,
    }
}

impl Reviewed for Sqlite {
    fn gallery(&self) -> Box<dyn Gallery> {
        Box::new(SqliteReview::open(&self.path).unwrap())
    }

    fn jury(&self) -> Box<dyn Jury> {
        Box::new(SqliteReview::open(&self.path).unwrap())
    }

    fn inspection(&self) -> Box<dyn Inspection> {
        Box::new(SqliteReview::open(&self.path).unwrap())
    }
}

impl Workspace for Sqlite {
    fn run(&self, job: &str) -> Result<Box<dyn Queue>, QueueError> {
        let database = Database::open(&self.path)?;
        let queue = SqliteQueue::begin_run(database, &entry(job, "/m.csv"), NOW)?;
        Ok(Box::new(queue))
    }

    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(SqliteLedger::open(&self.path).unwrap())
    }

    fn inventory(&self) -> Box<dyn Inventory> {
        Box::new(SqliteLedger::open(&self.path).unwrap())
    }

    fn preview(&self, job: &str, redo: Redo) -> Box<dyn Preview> {
        Box::new(SqlitePreview::open(&self.path, &entry(job, "/m.csv"), redo).unwrap())
    }

    fn desk(&self) -> Box<dyn Desk> {
        Box::new(SqliteDesk::open(&self.path).unwrap())
    }

    fn upkeep(&self) -> Box<dyn Upkeep> {
        Box::new(SqliteUpkeep::open(&self.path).unwrap())
    }
}

#[test]
fn the_sqlite_queue_keeps_every_promise() {
    every_promise(&|| Box::new(Sqlite::new()));
}

#[test]
fn a_name_known_for_another_manifest_is_refused() {
    let sqlite = Sqlite::new();
    let run_of =
        |manifest: &str| SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &entry("spring", manifest), NOW);
    run_of("/refused.csv").unwrap().intake(Redo::No).unwrap().abandon().unwrap();
    let ledger = sqlite.ledger();
    assert!(ledger.status(NOW, &[]).unwrap().is_empty(), "a manifest that was refused is no job");
    run_of("/m.csv").unwrap().intake(Redo::No).unwrap().publish(&[], None).unwrap();
    let refused = run_of("/other.csv").unwrap_err().to_string();
    assert!(refused.contains("/m.csv") && refused.contains("--name"), "{refused}");
}

#[test]
fn a_reader_is_told_kindly_that_there_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let missing = SqliteLedger::open(&folder.path().join("overnight.db"));
    assert!(matches!(missing, Err(QueueError::Missing { .. })));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "and none is made");
}

#[test]
fn what_an_older_version_did_not_note_of_references_is_learned_and_then_held_against_them() {
    let sqlite = Sqlite::new();
    let with = |source: &str| Item { sources: Sources(vec![Some(source.to_owned())]), ..item("mug", "a mug") };
    let mut run = sqlite.run("job").unwrap();
    enqueue(&mut *run, &[with("first")]);
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    settle(&mut *run, attempt, Outcome::Done(artifact()));
    rusqlite::Connection::open(&sqlite.path).unwrap().execute("UPDATE items SET sources = NULL", []).unwrap();
    assert_eq!(enqueue(&mut *run, &[with("second")]).unchanged, 1);
    assert_eq!(enqueue(&mut *run, &[with("first")]).kept, 1);
}

/// The files of a folder, with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

#[test]
fn a_preview_leaves_no_trace_of_itself() {
    let sqlite = Sqlite::new();
    let folder = sqlite.path.parent().unwrap();
    let preview = || {
        let mut preview = sqlite.preview("job", Redo::No);
        preview.look(&row(2), &[item("mug", "a mug")]).unwrap().items.remove(0)
    };
    assert_eq!((preview(), files(folder).len()), (Fate::New, 0));
    let mut run = sqlite.run("job").unwrap();
    enqueue(&mut *run, &[item("mug", "a mug")]);
    drop(run);
    let before = files(folder);
    assert!(matches!(preview(), Fate::Same(_)));
    assert_eq!(files(folder), before);
    // As a run leaves it that is killed.
    let run = sqlite.run("job").unwrap();
    let killed = tempfile::tempdir().unwrap();
    for (file, bytes) in files(folder).into_iter().filter(|(file, _)| !file.ends_with("overnight.db-shm")) {
        std::fs::write(killed.path().join(file.file_name().unwrap()), bytes).unwrap();
    }
    drop(run);
    let before = files(killed.path());
    let mut preview =
        SqlitePreview::open(&killed.path().join("overnight.db"), &entry("job", "/m.csv"), Redo::No).unwrap();
    assert!(matches!(preview.look(&row(2), &[item("mug", "a mug")]).unwrap().items[0], Fate::Same(_)));
    drop(preview);
    let mut after = files(killed.path());
    after.remove(&killed.path().join("overnight.db-shm"));
    assert_eq!(after, before);
}

#[test]
fn a_preview_reads_an_older_database_as_it_is_and_refuses_what_a_run_would_refuse() {
    let sqlite = Sqlite::new();
    let mut run = sqlite.run("job").unwrap();
    enqueue(&mut *run, &[item("mug", "a mug")]);
    drop(run);
    let other = SqlitePreview::open(&sqlite.path, &entry("job", "/other.csv"), Redo::No);
    assert!(matches!(other, Err(QueueError::OtherManifest { .. })));
    let connection = rusqlite::Connection::open(&sqlite.path).unwrap();
    connection.execute_batch("ALTER TABLE items DROP COLUMN sources; PRAGMA user_version = 3").unwrap();
    let known = Item { sources: Sources(vec![Some("any".into())]), ..item("mug", "a mug") };
    assert!(matches!(sqlite.preview("job", Redo::No).look(&row(2), &[known]).unwrap().items[0], Fate::Same(_)));
    let edited = sqlite.preview("job", Redo::No).look(&row(2), &[item("mug", "another")]).unwrap().items.remove(0);
    assert!(matches!(edited, Fate::Updated { before, .. } if before.sources.is_none()));
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 3, "it is not migrated");
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    let newer = SqlitePreview::open(&sqlite.path, &entry("job", "/m.csv"), Redo::No);
    assert!(matches!(newer, Err(QueueError::Newer { .. })));
}

#[test]
fn no_attempt_of_a_paused_job_begins_whoever_writes_it() {
    let sqlite = Sqlite::new();
    let mut run = sqlite.run("job").unwrap();
    enqueue(&mut *run, &[item("mug", "a mug")]);
    sqlite.desk().pause(NOW, "job").unwrap();
    let connection = rusqlite::Connection::open(&sqlite.path).unwrap();
    let begin =
        "INSERT INTO attempts (job_id, item_key, run_id, number, sent_at) SELECT job_id, key, 1, 1, 0 FROM items";
    let refused = connection.execute(begin, []).unwrap_err().to_string();
    assert!(refused.contains("the job is paused"), "{refused}");
    sqlite.desk().resume("job").unwrap();
    assert_eq!(connection.execute(begin, []).unwrap(), 1);
}

#[test]
fn the_newest_run_is_told_with_the_start_it_was_for_and_how_it_ended() {
    let sqlite = Sqlite::new();
    assert!(Database::open(&sqlite.path).is_ok() && sqlite.ledger().newest_run("job").unwrap().is_none());
    let by_schedule = JobEntry { scheduled_for: Some(NOW.moved(-300)), ..entry("job", "/m.csv") };
    let mut run = SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &by_schedule, NOW).unwrap();
    let last = || sqlite.ledger().newest_run("job").unwrap().unwrap();
    assert_eq!((last().began_at, last().scheduled_for), (NOW, Some(NOW.moved(-300))));
    assert_eq!((last().ending, last().lives), (None, true));
    drop(run);
    assert_eq!((last().ending, last().lives), (None, false), "as after a kill");
    run = SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &entry("job", "/m.csv"), NOW).unwrap();
    run.end_run(NOW, "complete").unwrap();
    assert_eq!((last().scheduled_for, last().ending.as_deref(), last().lives), (None, Some("complete"), false));
}

#[test]
fn a_start_that_a_run_was_made_for_is_made_by_no_other_but_where_that_one_was_cut_off() {
    let sqlite = Sqlite::new();
    let begin = |start: Timestamp| {
        let entry = JobEntry { scheduled_for: Some(start), ..entry("job", "/m.csv") };
        SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &entry, NOW)
    };
    let mut start = NOW;
    for ending in [None, Some("died"), Some("interrupted"), Some("stopped early")] {
        start = start.moved(1000);
        let mut run = begin(start).unwrap();
        ending.into_iter().for_each(|ending| run.end_run(NOW, ending).unwrap());
        drop(run);
        begin(start).unwrap_or_else(|error| panic!("{ending:?}: {error}"));
    }
    for ending in ["complete", "limit", "halted", "broken", "not run"] {
        start = start.moved(1000);
        begin(start).unwrap().end_run(NOW, "interrupted").unwrap();
        begin(start).unwrap().end_run(NOW, ending).unwrap();
        let runs = || rusqlite::Connection::open(&sqlite.path).unwrap();
        let runs = || runs().query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, i64>(0)).unwrap();
        let before = runs();
        let refused = begin(start).unwrap_err();
        assert!(matches!(refused, QueueError::Made { .. }), "{ending}: {refused}");
        assert!(refused.to_string().contains("another scheduler has seen to this start of job `job`"), "{refused}");
        assert_eq!(runs(), before, "it leaves no trace");
        SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &entry("job", "/m.csv"), NOW)
            .expect("whoever asks for a run by hand has one");
    }
    // A clock that ran ahead made it: a run for an earlier start shows that it was set right.
    begin(NOW.moved(-1000)).unwrap().end_run(NOW, "complete").unwrap();
    begin(start).unwrap();
}

#[test]
fn the_results_of_a_run_that_was_killed_while_it_wrote_them_are_stale() {
    let sqlite = Sqlite::new();
    let begin = || SqliteQueue::begin_run(Database::open(&sqlite.path).unwrap(), &entry("job", "/m.csv"), NOW).unwrap();
    let mut run = begin();
    run.results_begun().unwrap();
    assert!(!run.results_stale().unwrap());
    run.results_failed().unwrap();
    assert!(run.results_stale().unwrap());
    run.results_begun().unwrap();
    run.end_run(NOW, "complete").unwrap();
    drop(run);
    let mut next = begin();
    next.rescue(NOW, OnLost::default(), vec![]).unwrap();
    assert!(!next.results_stale().unwrap(), "that one came to its end");
    drop(next);
    let mut last = begin();
    last.rescue(NOW, OnLost::default(), vec![]).unwrap();
    assert!(last.results_stale().unwrap());
}

/// Takes in the item as it is asked for now, and has its picture made.
fn make(run: &mut dyn Queue, item: Item) {
    let mut intake = run.intake(Redo::Yes).unwrap();
    intake.push(&row(2), &[item]).unwrap();
    intake.publish(&[], None).unwrap();
    let claims = claim(run, NOW, 1);
    let attempt = start(run, claims).remove(0);
    settle(run, attempt, Outcome::Done(artifact()));
}

#[test]
fn nobody_makes_an_earlier_picture_the_favourite_while_it_goes() {
    let sqlite = Sqlite::new();
    let mut run = sqlite.run("job").unwrap();
    make(&mut *run, item("mug", "a mug"));
    make(&mut *run, item("mug", "a blue mug"));
    drop(run);
    let mut upkeep = SqliteUpkeep::open(&sqlite.path).unwrap();
    let earlier = upkeep.earlier("job").unwrap();
    let mut is_refused = || {
        let other = rusqlite::Connection::open(&sqlite.path).unwrap();
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").is_err()
    };
    assert!(!is_refused());
    assert!(upkeep.remove(NOW, "job", &earlier[0], &mut is_refused).unwrap());
    assert!(upkeep.earlier("job").unwrap().is_empty(), "it was refused, and so the picture is gone");
}
