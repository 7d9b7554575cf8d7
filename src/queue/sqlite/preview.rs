//! What a reading would do to the items that are known. Never writes, never makes a database, never locks one.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::super::preview::{Before, Fate, Foreseen, Gone, Preview};
use super::super::{Clash, ClashOver, QueueError, RecentAttempt, Redo};
use super::entry::{JobEntry, check_entry};
use super::known::{Change, Known};
use super::names::Taken;
use super::seen::Seen;
use super::stored::{item_state, json};
use super::{Database, Doing, beside_itself, held, migrate, readings, recent, refuse_strange};
use crate::domain::{Cap, Held, Item, ItemId, ManifestRow, SeenFile, Timestamp};

/// Items looked at by one statement for what has no row any more.
const PAGE: i64 = 1024;

/// The first schema that notes which model an attempt asked.
const KNOWS_MODELS: usize = 3;

/// The first that notes the hashes of files.
const KNOWS_HASHES: usize = 5;

/// The first that knows of pilots.
const KNOWS_APPROVAL: usize = 7;

/// The first that keeps sums of money.
const KNOWS_MONEY: usize = 8;

/// No job and no run has this key.
const NOBODY: i64 = -1;

/// A reading of a job's manifest that only looks.
#[derive(Debug)]
pub struct SqlitePreview {
    /// Where the database is, or would be.
    path: PathBuf,
    /// None where nothing is known of the job.
    known: Option<KnownJob>,
    ids: Taken,
    names: Taken,
    met: Seen,
}

/// A job that the database knows.
#[derive(Debug)]
struct KnownJob {
    database: Database,
    job: i64,
    redo: Redo,
    /// What a reading that is not over has written is nobody's business.
    revision: i64,
    version: usize,
}

impl SqlitePreview {
    /// Looks for the job where its database would be. What a run would refuse to begin with is refused as well.
    pub fn open(path: &Path, entry: &JobEntry, redo: Redo) -> Result<Self, QueueError> {
        refuse_strange(path)?;
        let known = KnownJob::find(path, entry, redo)?;
        Ok(Self { path: path.to_owned(), known, ids: Taken::default(), names: Taken::default(), met: Seen::default() })
    }

    fn item(&mut self, row: &ManifestRow, item: &Item, foreseen: &mut Foreseen) -> Result<Fate, QueueError> {
        if let Some(first_line) = self.ids.claim(item.id.as_str(), row.line) {
            let clash = Clash { over: ClashOver::Id(item.id.clone()), first_line };
            foreseen.clashes.extend(row.has_id.then_some(clash));
            return Ok(Fate::Repeated);
        }
        if let Some(first_line) = self.names.claim_folded(&item.name, row.line) {
            foreseen.clashes.push(Clash { over: ClashOver::Name(item.name.clone()), first_line });
        }
        let Some(job) = &self.known else { return Ok(Fate::New) };
        let Some((key, fate)) = job.fate(item).doing(&job.database.path, "looking for an item")? else {
            return Ok(Fate::New);
        };
        self.met.again(key);
        Ok(fate)
    }
}

impl Preview for SqlitePreview {
    fn files_seen(&self, each: &mut dyn FnMut(&SeenFile) -> bool) -> Result<(), QueueError> {
        let Some(job) = self.known.as_ref().filter(|job| job.version >= KNOWS_HASHES) else { return Ok(()) };
        readings::files_seen(&job.database.connection, job.job, each)
            .doing(&job.database.path, "looking for what was read last")
    }

    fn look(&mut self, row: &ManifestRow, items: &[Item]) -> Result<Foreseen, QueueError> {
        let mut foreseen = Foreseen::default();
        for item in items {
            let fate = self.item(row, item, &mut foreseen)?;
            foreseen.items.push(fate);
        }
        Ok(foreseen)
    }

    fn gone(&self, each: &mut dyn FnMut(Gone) -> bool) -> Result<(), QueueError> {
        let Some(job) = &self.known else { return Ok(()) };
        let mut after = i64::MIN;
        loop {
            let page = job.page(after).doing(&job.database.path, "looking for items without a row")?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            let mut gone = page.into_iter().filter(|(key, _)| !self.met.has(*key));
            if !gone.all(|(_, gone)| each(gone)) {
                return Ok(());
            }
        }
    }

    fn recent_attempts(&self, model: &str, most: usize, each: &mut dyn FnMut(RecentAttempt)) -> Result<(), QueueError> {
        // Also of other jobs, where this one is not known yet.
        let Some((database, version)) = look_into(&self.path)? else { return Ok(()) };
        if version < KNOWS_MODELS {
            return Ok(());
        }
        recent::each_recent(&database.connection, model, most, each).doing(&self.path, "looking at recent attempts")
    }

    fn sent_since(&self, moment: Timestamp) -> Result<u64, QueueError> {
        let Some((database, _)) = look_into(&self.path)? else { return Ok(0) };
        recent::sent_since(&database.connection, moment).doing(&self.path, "counting recent attempts")
    }

    fn held(&self, caps: &[Cap]) -> Result<Vec<Held>, QueueError> {
        let Some((database, _)) = look_into(&self.path)?.filter(|(_, version)| *version >= KNOWS_MONEY) else {
            return Ok(vec![Held::default(); caps.len()]);
        };
        let job = self.known.as_ref().map_or(NOBODY, |known| known.job);
        held::of_caps(&database.connection, job, NOBODY, caps).doing(&self.path, "adding up what is spent")
    }

    fn is_approved(&self) -> Result<bool, QueueError> {
        let Some(job) = self.known.as_ref().filter(|job| job.version >= KNOWS_APPROVAL) else { return Ok(false) };
        let approved = "SELECT approved_at IS NOT NULL FROM jobs WHERE id = ?1";
        let approved = job.database.connection.query_row(approved, [job.job], |row| row.get(0));
        approved.doing(&job.database.path, "looking for the job")
    }
}

impl KnownJob {
    /// Finds the job, if there is a database that knows it.
    fn find(path: &Path, entry: &JobEntry, redo: Redo) -> Result<Option<Self>, QueueError> {
        let Some((database, version)) = look_into(path)? else { return Ok(None) };
        let sql = "SELECT id, revision FROM jobs WHERE name = ?1 AND revision > 0";
        let found = database.connection.query_row(sql, [&entry.name], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((job, revision)) = found.optional().doing(path, "looking for the job")? else { return Ok(None) };
        check_entry(&database.connection, path, job, entry)?;
        Ok(Some(Self { database, job, redo, revision, version }))
    }

    /// The key of the item, and what would become of it; none if it is new.
    fn fate(&self, item: &Item) -> rusqlite::Result<Option<(i64, Fate)>> {
        let connection = &self.database.connection;
        let known = Known::find(connection, self.version, self.job, self.revision, item)?;
        let Some(known) = known else { return Ok(None) };
        let (key, state) = (known.key, known.state);
        let fate = match known.change(self.redo) {
            Change::None if known.is_sent_back => Fate::SentBack(Box::new(self.before(known)?.request)),
            Change::None => Fate::Same(state),
            Change::Redo => Fate::Redone { before: self.before(known)? },
            Change::Edit { .. } => Fate::Updated { state, before: self.before(known)? },
            Change::Kept => Fate::Changed { state, before: self.before(known)? },
        };
        Ok(Some((key, fate)))
    }

    fn before(&self, known: Known) -> rusqlite::Result<Box<Before>> {
        let mut statement =
            self.database.connection.prepare_cached("SELECT name, request FROM items WHERE key = ?1")?;
        statement.query_row([known.key], |row| {
            Ok(Box::new(Before { name: row.get(0)?, request: json(row, 1)?, sources: known.sources }))
        })
    }

    /// The next items by their keys. The plus keeps SQLite to the order of the keys, of which it then reads a page only.
    fn page(&self, after: i64) -> rusqlite::Result<Vec<(i64, Gone)>> {
        let mut statement = self.database.connection.prepare_cached(
            "SELECT key, id, state FROM items WHERE key > ?2 AND +job_id = ?1 AND first_revision <= ?3
             ORDER BY key LIMIT ?4",
        )?;
        let items = statement.query_map(params![self.job, after, self.revision, PAGE], |row| {
            let gone = Gone { id: ItemId::new(row.get::<_, String>(1)?), state: item_state(row, 2)? };
            Ok((row.get(0)?, gone))
        })?;
        items.collect()
    }
}

/// The database and its schema's version, if it is there and holds anything at all.
fn look_into(path: &Path) -> Result<Option<(Database, usize)>, QueueError> {
    if !path.exists() {
        return Ok(None);
    }
    // SQLite takes the files of the log away again only if it may write; what a killed run left in them stays there.
    let is_left = beside_itself(path, "-wal").exists();
    let database = Database::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    look_only(&database.connection, is_left).doing(path, "opening it")?;
    let version = migrate::readable_version(&database.connection, path)?;
    Ok((version > 0).then_some((database, version)))
}

/// Nothing is written, and a log that was there before is left there.
fn look_only(connection: &Connection, is_left: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "query_only", true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_left).map(drop)
}
