//! Tidying up a workspace database: which earlier versions there are, that some are gone, and the copies from before
//! migrations. Never touches a picture, never a row that a run needs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::super::lock::RunLock;
use super::super::{DatabaseCopy, EarlierVersion, QueueError, Upkeep};
use super::migrate::is_copy;
use super::stored::json;
use super::{Database, Doing, job_key, one};
use crate::domain::{ItemId, Timestamp};

/// Whether an earlier picture is a favourite; an expression over versions.
const IS_FAVOURITE: &str = "EXISTS (SELECT 1 FROM verdicts, json_each(versions.artifact, '$.images') AS image
        WHERE verdicts.item_key = versions.item_key AND verdicts.stands AND favourite = image.value ->> '$.blake3')";

/// What is removed needs no other word. An earlier picture may be a favourite.
fn earlier_ones() -> String {
    format!(
        "SELECT item_key, items.id, number, versions.artifact,
                (SELECT min(ended_at) FROM attempts WHERE attempts.item_key = versions.item_key AND outcome = 'done'
                        AND attempts.number > coalesce(versions.attempt, 0)), {IS_FAVOURITE}
         FROM versions JOIN items ON items.key = item_key
         WHERE versions.job_id = ?1 AND NOT versions.stands AND pruned_at IS NULL ORDER BY item_key, number"
    )
}

/// Whoever tidies up a workspace database.
#[derive(Debug)]
pub struct SqliteUpkeep {
    database: Database,
}

impl SqliteUpkeep {
    /// Opens an existing database.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        Ok(Self { database: Database::open_existing(path)? })
    }
}

impl Upkeep for SqliteUpkeep {
    fn hold(&self, job: &str, holder: &str) -> Result<RunLock, QueueError> {
        job_key(&self.database.connection, &self.database.path, job)?;
        RunLock::acquire(&self.database.path, job, holder)
    }

    fn earlier(&self, job: &str) -> Result<Vec<EarlierVersion>, QueueError> {
        let (connection, path) = (&self.database.connection, &self.database.path);
        let job = job_key(connection, path, job)?;
        let read = || -> rusqlite::Result<Vec<_>> {
            connection.prepare(&earlier_ones())?.query_map([job], earlier)?.collect()
        };
        read().doing(path, "looking for earlier versions")
    }

    fn remove(
        &mut self,
        now: Timestamp,
        job: &str,
        version: &EarlierVersion,
        clear: &mut dyn FnMut() -> bool,
    ) -> Result<bool, QueueError> {
        let Database { connection, path, .. } = &mut self.database;
        let job = job_key(connection, path, job)?;
        let mut remove = || -> rusqlite::Result<bool> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if !may_go(&transaction, version)? {
                return Ok(false);
            }
            if clear() {
                note_gone(&transaction, now, job, version)?;
                transaction.commit()?;
            }
            Ok(true)
        };
        remove().doing(path, "removing an earlier picture")
    }

    fn copies(&self) -> Result<Vec<DatabaseCopy>, QueueError> {
        let database = &self.database.path;
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |source| QueueError::Lock { path: folder.display().to_string(), source };
        let mut copies = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if is_copy(database, &path) {
                copies.extend(copy(path));
            }
        }
        copies.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(copies)
    }

    fn remove_copy(&self, copy: &DatabaseCopy) -> Result<(), QueueError> {
        let removed = if is_copy(&self.database.path, &copy.path) {
            fs::remove_file(&copy.path)
        } else {
            Err(io::ErrorKind::InvalidInput.into())
        };
        removed.map_err(|source| QueueError::Remove { path: copy.path.display().to_string(), source })
    }
}

fn may_go(connection: &Connection, version: &EarlierVersion) -> rusqlite::Result<bool> {
    let may_go = format!(
        "SELECT EXISTS (SELECT 1 FROM versions WHERE item_key = ?1 AND number = ?2
                            AND NOT stands AND pruned_at IS NULL AND NOT {IS_FAVOURITE})"
    );
    connection.prepare_cached(&may_go)?.query_row(params![version.key, version.number], |row| row.get(0))
}

fn note_gone(
    transaction: &Transaction<'_>,
    now: Timestamp,
    job: i64,
    version: &EarlierVersion,
) -> rusqlite::Result<()> {
    let gone = "UPDATE versions SET pruned_at = ?3 WHERE item_key = ?1 AND number = ?2";
    one(transaction, gone, params![version.key, version.number, now.millis()])?;
    let images = "UPDATE jobs SET images = images - ?2 WHERE id = ?1";
    one(transaction, images, params![job, version.artifact.images.len()])
}

fn earlier(row: &Row<'_>) -> rusqlite::Result<EarlierVersion> {
    Ok(EarlierVersion {
        key: row.get(0)?,
        item: ItemId::new(row.get::<_, String>(1)?),
        number: row.get(2)?,
        artifact: json(row, 3)?,
        replaced_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
        is_favourite: row.get(5)?,
    })
}

/// A file of such a name that is none, such as a link, is nobody's copy.
fn copy(path: PathBuf) -> Option<DatabaseCopy> {
    let about = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let made = about.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(DatabaseCopy { bytes: about.len(), made_at: Timestamp::from_millis(0).after(made), path })
}
