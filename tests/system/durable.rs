//! What stood in the database after each commit, as a machine would find it whose power failed right then: the writes
//! of the trace, done again into a copy. Never looks at the database of the program itself.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use crate::trace::Call;

/// An attempt in the database: of which item, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub item: String,
    /// `sent`, `received` or `settled`.
    pub state: String,
}

/// A sync of the write-ahead log.
#[derive(Debug)]
pub struct Commit {
    /// When the first byte was written that it made durable.
    pub began: usize,
    /// When all of it was durable.
    pub ended: usize,
    /// The attempts it left, by their ids.
    pub attempts: HashMap<i64, Attempt>,
}

/// The commits of a database, in their order.
pub fn commits(database: &Path, calls: &[Call]) -> Vec<Commit> {
    let log = format!("{}-wal", database.display());
    let copy = tempfile::tempdir().unwrap();
    let names = [(database.to_str().unwrap(), "copy.db"), (&log, "copy.db-wal")];
    let mut commits = Vec::new();
    let mut began = None;
    for call in calls {
        let Some((name, file)) = names.iter().find(|(name, _)| *name == call.target()) else { continue };
        match call.name.as_str() {
            "pwrite64" => write_at(&copy.path().join(file), &call.strings()[0], call.last_number()),
            "ftruncate" => open(&copy.path().join(file)).set_len(call.last_number()).unwrap(),
            _ if call.is_sync() && *name == log => {
                let began = began.take().unwrap_or(call.began);
                commits.push(Commit { began, ended: call.ended, attempts: attempts(copy.path()) });
            }
            _ => {}
        }
        if *name == log && call.is_write() {
            began.get_or_insert(call.began);
        }
    }
    commits
}

fn write_at(file: &Path, bytes: &[u8], offset: u64) {
    open(file).write_all_at(bytes, offset).unwrap();
}

fn open(file: &Path) -> File {
    File::options().write(true).create(true).truncate(false).open(file).unwrap()
}

/// The attempts that SQLite finds when it opens the files as they are; none before there is a table of them.
fn attempts(folder: &Path) -> HashMap<i64, Attempt> {
    // SQLite clears the log away when it is done with it, and the trace has not.
    let found = tempfile::tempdir().unwrap();
    for file in ["copy.db", "copy.db-wal"] {
        let _ = fs::copy(folder.join(file), found.path().join(file));
    }
    let connection = Connection::open(found.path().join("copy.db")).unwrap();
    let sql = "SELECT attempts.id, items.id, attempts.state FROM attempts JOIN items ON items.key = item_key";
    let Ok(mut statement) = connection.prepare(sql) else { return HashMap::new() };
    let rows = statement.query_map([], |row| Ok((row.get(0)?, Attempt { item: row.get(1)?, state: row.get(2)? })));
    rows.unwrap().map(Result::unwrap).collect()
}
