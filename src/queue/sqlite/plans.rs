//! Holds every statement of a run to its indexes: none may look at all items or attempts, however many are done. Never
//! measures time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::intake::SqliteIntake;
use super::{Database, JobEntry, SqliteQueue, SqliteReview};
use crate::domain::{
    Artifact, Cap, CapKind, CapSpan, Check, Decision, Digest, Failure, FailureKind, Fingerprint, ImageFile, Impression,
    Item, ItemId, ManifestRow, OnLost, Outcome, Receipt, Reply, Request, SeenFile, Sources, Timestamp, Usd,
};
use crate::queue::{
    CardKey, Finding, Gallery, Inspection, Intake, Jury, Queue, Redo, Saw, SentBack, Settlement, Start, Turn, Witness,
    Word,
};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

type Statements = Arc<Mutex<BTreeSet<String>>>;

/// Opens the database and notes every statement that it runs from now on.
fn traced(path: &Path, statements: &Statements) -> Database {
    let mut database = Database::open(path).unwrap();
    let statements = statements.clone();
    let note = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            statements.lock().unwrap().insert(statement.sql().into_owned());
        }
    };
    database.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).unwrap();
    database
}

fn queue(path: &Path, statements: &Statements) -> SqliteQueue {
    let (name, manifest, output) = ("job".into(), "m.csv".into(), "output".into());
    let entry = JobEntry { name, manifest, output, holder: "the test".into(), scheduled_for: None };
    SqliteQueue::begin_run(traced(path, statements), &entry, NOW).unwrap()
}

/// Reads a manifest of so many rows, two of which ask for the same.
fn read(path: &Path, statements: &Statements, rows: u64) {
    let mut intake = SqliteIntake::begin(traced(path, statements), 1, Redo::No).unwrap();
    intake.see(&SeenFile { path: "a.png".into(), bytes: 9, modified: 9, hash: Some([9; 32]) }).unwrap();
    for line in 0..=rows {
        let row = ManifestRow { line, cells: vec![], has_id: false };
        let id = line.min(rows - 1).to_string();
        let item = Item {
            name: id.clone(),
            id: ItemId::new(id),
            request: Request::new("m", "p"),
            digest: Digest([0; 32]),
            sources: Sources::default(),
        };
        intake.push(&row, &[item]).unwrap();
    }
    intake.publish(&[], Some(Fingerprint([1; 32]))).unwrap();
}

/// Plays a run in which everything happens that can; returns what is left in flight when it is killed.
fn play(queue: &mut SqliteQueue) {
    let mut commit = |turn: Turn| queue.commit(NOW, Turn { lease_until: NOW, ..turn }).unwrap();
    let claims = commit(Turn { want: 8, ..Turn::default() }).claims;
    let starts = claims.into_iter().map(|claim| Start { claim, reserve: Some(Usd::ZERO) }).collect();
    let spans = [CapSpan::Job, CapSpan::Run, CapSpan::Sent { from: NOW, to: NOW }];
    let caps = spans.map(|span| Cap { kind: CapKind::Job, span, most: Usd::ZERO }).into();
    let releases = commit(Turn { want: 1, ..Turn::default() }).claims;
    let mut attempts = commit(Turn { starts, releases, caps, ..Turn::default() }).attempts;
    let receipts =
        attempts[3..6].iter().map(|it| (it.id, Receipt { images: vec![], reply: Reply::default() })).collect();
    commit(Turn { receipts, ..Turn::default() });
    let failure = || Failure::new(FailureKind::Transient, "why");
    let picture = ImageFile { file: "a".into(), bytes: 9, blake3: "ab".into(), width: None, height: None };
    let done = Artifact { images: vec![picture], caption: None, finish_reason: None };
    let outcomes = [
        Outcome::Failed(failure()),
        Outcome::Retry { due_at: NOW, failure: failure() },
        Outcome::Returned { due_at: NOW, failure: failure() },
        Outcome::Done(done),
    ];
    let ended = attempts.drain(..4).zip(outcomes);
    let settlements = ended.map(|(attempt, outcome)| Settlement { attempt, outcome, cost: None }).collect();
    commit(Turn { settlements, want: 1, only_attempted: true, ..Turn::default() });
    queue.next_due(false).unwrap();
    queue.next_due(true).unwrap();
    queue.move_waits(NOW, 9_000).unwrap();
    queue.counts().unwrap();
    queue.results_stale().unwrap();
    queue.results_begun().unwrap();
    queue.results_failed().unwrap();
}

/// The steps of a statement that pass over a whole table of items, attempts, rows or files, or over all of a job's.
fn long_ways(connection: &Connection, statement: &str) -> Vec<String> {
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let mut rows = plan.raw_query();
    let mut long = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get(3).unwrap();
        let scans = ["items", "attempts", "rows", "seen_files"].iter().any(|table| step == format!("SCAN {table}"))
            || step.starts_with("SCAN") && step.contains(" USING ");
        if scans || step.ends_with("sqlite_autoindex_items_1 (job_id=?)") {
            long.push(step);
        }
    }
    long
}

#[test]
fn nothing_that_a_run_asks_of_the_database_grows_with_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overnight.db");
    let statements = Statements::default();
    let mut first = queue(&path, &statements);
    read(&path, &statements, 12);
    read(&path, &statements, 11);
    play(&mut first);
    drop(first);
    for on_lost in [OnLost::Hold, OnLost::Resend] {
        let mut next = queue(&path, &statements);
        next.narrow(&[ItemId::new("9"), ItemId::new("10")]).unwrap();
        let claims = next.commit(NOW, Turn { lease_until: NOW, want: 1, ..Turn::default() }).unwrap().claims;
        next.next_due(false).unwrap();
        next.commit(NOW, Turn { lease_until: NOW, releases: claims, ..Turn::default() }).unwrap();
        next.rescue(NOW, on_lost, vec![]).unwrap();
        next.last_reading().unwrap();
        assert_eq!(next.crowded().unwrap(), None);
        next.files_seen(&mut |_| true).unwrap();
        next.end_run(NOW, "complete").unwrap();
    }
    are_quick(&path, &statements, 30);
}

/// Holds every statement that was noted, of which there must be so many, to its indexes.
fn are_quick(path: &Path, statements: &Statements, least: usize) {
    let connection = Connection::open(path).unwrap();
    // With them, the plan of a new run's row shows steps that are taken only where a reference was broken before.
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let statements = statements.lock().unwrap();
    let data = statements.iter().filter(|sql| ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&&sql[..6]));
    let data: Vec<_> = data.filter(|sql| !sql.contains("sqlite_schema")).collect();
    assert!(data.len() > least, "{data:#?}");
    for statement in data {
        assert_eq!(long_ways(&connection, statement), [""; 0], "{statement}");
    }
}

/// The pictures that were made.
fn made(path: &Path) -> Vec<CardKey> {
    let connection = Connection::open(path).unwrap();
    let mut made = connection.prepare("SELECT key FROM items WHERE state = 'done'").unwrap();
    made.query_map([], |row| Ok(CardKey(row.get(0)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn nothing_that_is_shown_or_said_of_an_item_grows_with_how_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overnight.db");
    let mut run = queue(&path, &Statements::default());
    read(&path, &Statements::default(), 12);
    play(&mut run);
    let (statements, keys) = (Statements::default(), made(&path));
    let mut review = SqliteReview::over(traced(&path, &statements));
    let anna = Witness { person: "Anna", now: NOW, saw: Saw::Whichever };
    let words = [
        Word::Decide(Some(Decision::Approved)),
        Word::Favourite(Some("ab".into())),
        Word::Note(Some("!".into())),
        Word::Caption(Some("mine".into())),
    ];
    for word in words {
        review.say(anna, "job", &keys, &word).unwrap().unwrap();
    }
    let impression = Impression { width: 1, height: 1, is_blank: true, hash: 1, grid: [0; 192] };
    let finding = Finding { key: keys[0], picture: "ab".into(), found: vec![Check::Blank], twin: Some(CardKey(1)) };
    review.note("job", &[("ab".into(), impression)], &[finding]).unwrap();
    assert_eq!(review.impression("ab").unwrap(), Some(impression));
    assert_eq!(review.cards("job", &keys).unwrap().len(), keys.len());
    assert!(matches!(review.send_back(anna, "job", keys[0], "again").unwrap(), SentBack::Queued(_)));
    assert!(matches!(review.send_back(anna, "job", keys[0], "and again").unwrap(), SentBack::Queued(_)));
    while review.undo(anna, "job").unwrap().is_some() {}
    are_quick(&path, &statements, 20);
}
