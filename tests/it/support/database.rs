//! The workspace database, looked into from outside. Never touches the file itself: what it reads is a copy, so that
//! the log a killed program left stays for the program to deal with.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, Params, Row};
use tempfile::TempDir;

/// A copy of a database as it stood.
#[derive(Debug)]
pub struct Snapshot {
    connection: Connection,
    _folder: TempDir,
}

impl Snapshot {
    /// Copies the database with its log; nobody may write to it meanwhile.
    pub fn of(database: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        fs::copy(database, &copy).unwrap();
        let log = database.with_extension("db-wal");
        if log.exists() {
            fs::copy(log, copy.with_extension("db-wal")).unwrap();
        }
        Self { connection: Connection::open(copy).unwrap(), _folder: folder }
    }

    /// A number the database is asked for.
    pub fn number(&self, sql: &str) -> i64 {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The first column of every row, as text.
    pub fn texts(&self, sql: &str, parameters: impl Params) -> Vec<String> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map(parameters, |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What is made of every row.
    pub fn rows<T>(&self, sql: &str, make: impl Fn(&Row) -> T) -> Vec<T> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok(make(row))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
