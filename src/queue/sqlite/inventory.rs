//! The items of a job with their files, page by page. Never keeps the database from tidying up its log meanwhile: to
//! read the files themselves may take hours.

use rusqlite::{Connection, params};

use super::super::{Inventory, QueueError, StoredItem};
use super::stored::{json, optional_json};
use super::versions::STANDING;
use super::{Doing, SqliteLedger, job_key};
use crate::domain::{Mark, StagedImage};

/// Items read at once: enough for several threads to be busy with.
const PAGE: i64 = 1024;

impl Inventory for SqliteLedger {
    fn items(&self, job: &str, each: &mut dyn FnMut(&[StoredItem]) -> bool) -> Result<(), QueueError> {
        let database = self.database();
        let job = job_key(&database.connection, &database.path, job)?;
        let mut after = i64::MIN;
        loop {
            let page = page(&database.connection, job, after).doing(&database.path, "reading a job's files")?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.key;
            if !each(&page) {
                return Ok(());
            }
        }
    }

    fn mark(&self) -> Result<Mark, QueueError> {
        let database = self.database();
        let mark = database.connection.query_row("SELECT mark FROM workspace", [], |row| row.get::<_, String>(0));
        Ok(Mark::new(mark.doing(&database.path, "reading the workspace's mark")?))
    }

    fn staged(&self, job: &str) -> Result<Vec<StagedImage>, QueueError> {
        let database = self.database();
        let job = job_key(&database.connection, &database.path, job)?;
        staged(&database.connection, job).doing(&database.path, "reading what waits in staging")
    }
}

/// The next items by their keys. The plus keeps SQLite to the order of the keys, of which it then reads a page only.
fn page(connection: &Connection, job: i64, after: i64) -> rusqlite::Result<Vec<StoredItem>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT key, name, artifact, {STANDING} FROM items WHERE key > ?2 AND +job_id = ?1 ORDER BY key LIMIT ?3"
    ))?;
    let items = statement.query_map(params![job, after, PAGE], |row| {
        Ok(StoredItem {
            key: row.get(0)?,
            name: row.get(1)?,
            artifact: optional_json(row, 2)?,
            earlier: optional_json(row, 3)?,
        })
    })?;
    items.collect()
}

fn staged(connection: &Connection, job: i64) -> rusqlite::Result<Vec<StagedImage>> {
    let mut statement = connection.prepare("SELECT staged FROM attempts WHERE job_id = ?1 AND state = 'received'")?;
    let receipts = statement.query_map([job], |row| json::<Vec<StagedImage>>(row, 0))?;
    Ok(receipts.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}
