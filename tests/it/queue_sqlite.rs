//! The SQLite queue, held to the promises of every queue and to its own.

use std::path::PathBuf;

use overnight::domain::{Item, Outcome, Sources};
use overnight::queue::sqlite::{Database, JobEntry, SqliteDesk, SqliteLedger, SqliteQueue};
use overnight::queue::{Desk, Inventory, Ledger, Queue, QueueError};
use tempfile::TempDir;

use crate::queue_contract::{NOW, Workspace, artifact, claim, enqueue, every_promise, item, settle, start};

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

    fn desk(&self) -> Box<dyn Desk> {
        Box::new(SqliteDesk::open(&self.path).unwrap())
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
    run_of("/refused.csv").unwrap().intake().unwrap().abandon().unwrap();
    let ledger = sqlite.ledger();
    assert!(ledger.status(NOW, &[]).unwrap().is_empty(), "a manifest that was refused is no job");
    run_of("/m.csv").unwrap().intake().unwrap().publish(&[], None).unwrap();
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
