//! What the database says, read from a copy. Never judges it, but for whether the file is sound.

use rusqlite::Row;
use serde_json::Value;

use crate::support::database::Snapshot;
use crate::support::workspace::Workspace;

/// The one job, its items and its attempts.
#[derive(Debug)]
pub struct Book {
    /// 0 while its manifest has never been read to the end.
    pub revision: i64,
    /// As kept on the job's row: attempts, lost attempts, images, cost in billionths of a US dollar.
    pub sums: [Option<i64>; 4],
    /// Items by state, and by kind of failure, as kept beside them.
    pub tallies: Vec<(String, String, i64)>,
    pub newest_run: i64,
    pub items: Vec<Item>,
}

#[derive(Debug)]
pub struct Item {
    pub key: i64,
    pub id: String,
    pub prompt: String,
    pub state: String,
    pub claimed_by: Option<i64>,
    pub made: i64,
    pub counted: i64,
    pub failure_kind: Option<String>,
    pub artifact: Option<Value>,
    /// In the order in which they were made.
    pub attempts: Vec<Attempt>,
}

#[derive(Debug)]
pub struct Attempt {
    pub id: i64,
    pub number: i64,
    pub run: i64,
    pub state: String,
    pub outcome: Option<String>,
    pub cost: Option<i64>,
    pub staged: Option<Value>,
    pub reply: Option<Value>,
}

impl Book {
    /// Reads the database, if there is a job in it.
    pub fn read(here: &Workspace) -> Option<Self> {
        let path = here.path("overnight.db");
        if !path.exists() {
            return None;
        }
        let database = Snapshot::of(&path);
        assert_eq!(database.texts("PRAGMA integrity_check", []), ["ok"]);
        assert_eq!(database.texts("PRAGMA foreign_key_check", []), Vec::<String>::new());
        // The last of the tables that are read here.
        if database.number("SELECT count(*) FROM sqlite_master WHERE name = 'tallies'") == 0 {
            return None;
        }
        Self::of(&database)
    }

    fn of(database: &Snapshot) -> Option<Self> {
        let job = |row: &Row| (row.get(0).unwrap(), [1, 2, 3, 4].map(|column| row.get(column).unwrap()));
        let (revision, sums) = database.rows(JOB, job).pop()?;
        let mut attempts = database.rows(ATTEMPTS, attempt);
        let mut items = database.rows(ITEMS, item);
        for item in &mut items {
            item.attempts = attempts.extract_if(.., |(key, _)| *key == item.key).map(|(_, attempt)| attempt).collect();
        }
        assert!(attempts.is_empty(), "attempts of no item: {attempts:?}");
        Some(Self {
            revision,
            sums,
            tallies: database.rows(TALLIES, |row| (text(row, 0), text(row, 1), row.get(2).unwrap())),
            newest_run: database.number("SELECT coalesce(max(id), 0) FROM runs"),
            items,
        })
    }

    /// Every attempt of every item.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.items.iter().flat_map(|item| &item.attempts)
    }

    /// Whether every item has come to its end.
    pub fn is_over(&self) -> bool {
        self.revision > 0 && self.items.iter().all(|item| ["done", "failed"].contains(&item.state.as_str()))
    }

    /// How many attempts are in this state.
    pub fn count(&self, state: &str) -> u64 {
        self.attempts().filter(|attempt| attempt.state == state).count() as u64
    }
}

impl Item {
    /// How many of its attempts are in one of these states.
    pub fn count(&self, states: &[&str]) -> i64 {
        self.attempts.iter().filter(|attempt| states.contains(&attempt.state.as_str())).count() as i64
    }

    /// Whether a whole answer with its picture is recorded, published or not.
    pub fn is_received(&self) -> bool {
        self.state == "done" || self.count(&["received"]) > 0
    }

    /// The images it has under final names.
    pub fn images(&self) -> &[Value] {
        let images = self.artifact.as_ref().and_then(|artifact| artifact["images"].as_array());
        images.map_or(&[], Vec::as_slice)
    }
}

impl Attempt {
    /// Whether it waits for its answer, or its answer for its final names.
    pub fn is_open(&self) -> bool {
        ["sent", "received"].contains(&self.state.as_str())
    }

    /// Whether this is recorded as its outcome.
    pub fn ended_in(&self, outcome: &str) -> bool {
        self.outcome.as_deref() == Some(outcome)
    }

    /// The images it has in staging, or had before they were published.
    pub fn staged(&self) -> &[Value] {
        self.staged.as_ref().and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

const JOB: &str = "SELECT revision, attempts, lost_attempts, images, cost FROM jobs";
const TALLIES: &str = "SELECT state, kind, items FROM tallies WHERE items > 0 ORDER BY state, kind";
const ITEMS: &str =
    "SELECT key, id, request ->> '$.prompt', state, claimed_by, attempts, counted, failure_kind, artifact
                     FROM items ORDER BY key";
const ATTEMPTS: &str = "SELECT item_key, id, number, run_id, state, outcome, cost, staged, reply
                        FROM attempts ORDER BY item_key, number";

fn item(row: &Row) -> Item {
    Item {
        key: row.get(0).unwrap(),
        id: text(row, 1),
        prompt: text(row, 2),
        state: text(row, 3),
        claimed_by: row.get(4).unwrap(),
        made: row.get(5).unwrap(),
        counted: row.get(6).unwrap(),
        failure_kind: row.get(7).unwrap(),
        artifact: json(row, 8),
        attempts: Vec::new(),
    }
}

fn attempt(row: &Row) -> (i64, Attempt) {
    let attempt = Attempt {
        id: row.get(1).unwrap(),
        number: row.get(2).unwrap(),
        run: row.get(3).unwrap(),
        state: text(row, 4),
        outcome: row.get(5).unwrap(),
        cost: row.get(6).unwrap(),
        staged: json(row, 7),
        reply: json(row, 8),
    };
    (row.get(0).unwrap(), attempt)
}

fn text(row: &Row, column: usize) -> String {
    row.get(column).unwrap()
}

fn json(row: &Row, column: usize) -> Option<Value> {
    let text: Option<String> = row.get(column).unwrap();
    text.map(|text| serde_json::from_str(&text).unwrap())
}
