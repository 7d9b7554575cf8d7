//! The read side: what everyone but the run may know. Never writes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row, params};

use super::super::{
    AttemptEntry, ItemRecord, ItemState, ItemStory, JobStatus, Ledger, PastRun, QueueError, RecentAttempt, RowRecord,
    VerdictRecord, lock,
};
use super::account::each_attempt;
use super::recent::each_lately;
use super::reviewed::reviewed;
use super::seen::Seen;
use super::stored::{item, item_state, json, kind, optional_json, optional_word, usd};
use super::story::item_story;
use super::{Database, Doing, beside, held, job_key, known_jobs, no_such_item, past};
use crate::domain::{Counts, FailureGroup, FailureKind, ItemId, PriceSource, Timestamp, Verdict};

/// How many items a group of failures names.
const EXAMPLES: usize = 3;

/// The columns that [`item_record`] reads, in its order; the first five are those of [`item`].
pub(super) const RECORD_COLUMNS: &str =
    "items.id, name, request, digest, sources, state, attempts, artifact, failure_kind, failure,
        (SELECT reply FROM attempts WHERE item_key = key AND reply IS NOT NULL ORDER BY number DESC LIMIT 1),
        (SELECT sum(cost) FROM attempts WHERE item_key = key), key,
        decision, picture, favourite, note, caption, person, done_at, artifact ->> '$.images[0].blake3' IS picture";

/// Where they come from: an item, and what stands said of it.
pub(super) const RECORD_FROM: &str = "FROM items LEFT JOIN verdicts ON verdicts.item_key = key AND verdicts.stands
     LEFT JOIN acts ON acts.id = act_id";

/// Attempts that have not ended, each sort from an index of its own.
const IN_FLIGHT: &str = "SELECT (SELECT count(*) FROM attempts WHERE job_id = ?1 AND state = 'sent')
        + (SELECT count(*) FROM attempts WHERE job_id = ?1 AND state = 'received')";

/// A reader of the workspace database.
#[derive(Debug)]
pub struct SqliteLedger {
    database: Database,
}

impl SqliteLedger {
    /// Opens an existing database to read it, also while a run writes.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        drop(Database::open_existing(path)?);
        Ok(Self { database: Database::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)? })
    }

    /// What it reads.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    fn job(&self, job: &str) -> Result<i64, QueueError> {
        job_key(&self.database.connection, &self.database.path, job)
    }

    fn all_jobs(&self) -> Result<Vec<String>, QueueError> {
        let names = known_jobs(&self.database.connection);
        names.doing(&self.database.path, "listing the jobs")
    }

    fn job_status(&self, now: Timestamp, job: i64) -> rusqlite::Result<JobStatus> {
        let connection = &self.database.connection;
        let counts = counts(connection, job)?;
        let begun = "SELECT max(started_at) FROM runs WHERE job_id = ?1 AND ended_at IS NULL";
        let begun: Option<i64> = connection.query_row(begun, [job], |row| row.get(0))?;
        let next_due = "SELECT min(due_at) FROM items WHERE job_id = ?1 AND state = 'queued'";
        let next_due: Option<i64> = connection.query_row(next_due, [job], |row| row.get(0))?;
        let at = |place: String| beside(&self.database.path, &place);
        let last_ending = past::last_ending(connection, job)?;
        let last_run = past::last_run(connection, job)?;
        let ended_with_pilot = last_ending.as_deref() == Some("pilot");
        let in_flight = connection.query_row(IN_FLIGHT, [job], |row| row.get(0))?;
        let completed_at = past::completed_at(connection, job)?;
        let review = reviewed(connection, job)?;
        let totals = "SELECT name, manifest, output, images, attempts, lost_attempts, cost, approved_at,
                             price_given, price_listed, paused_at FROM jobs WHERE id = ?1";
        connection.query_row(totals, [job], |row| {
            let name: String = row.get(0)?;
            // A killed run could not write its end, but its lock is gone.
            let lives = lock::is_held(&self.database.path, &name);
            let approved_at: Option<i64> = row.get(7)?;
            Ok(JobStatus {
                job: name,
                manifest: at(row.get(1)?),
                output: at(row.get(2)?),
                images: row.get(3)?,
                attempts: row.get(4)?,
                lost_attempts: row.get(5)?,
                cost: usd(row, 6)?,
                held: held::of_job(connection, job)?,
                price_source: price_source(row.get(8)?, row.get(9)?),
                running_since: begun.filter(|_| lives).map(Timestamp::from_millis),
                // A never tried item may be tried at once.
                next_due: next_due.map(|due| Timestamp::from_millis(due).max(now)),
                awaits_approval: ended_with_pilot && approved_at.is_none() && !lives && counts.queued > 0,
                approved_at: approved_at.map(Timestamp::from_millis),
                paused_since: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis),
                counts,
                in_flight,
                last_ending,
                completed_at,
                review,
                last_run: last_run.map(|run| run.with_lock(lives)),
            })
        })
    }

    fn each_row(&self, job: i64, each: &mut dyn FnMut(RowRecord) -> bool) -> rusqlite::Result<()> {
        let mut statement = self.database.connection.prepare(
            "SELECT line, cells, rows.items FROM rows JOIN jobs ON jobs.id = job_id
             WHERE job_id = ?1 AND rows.revision = jobs.revision ORDER BY position",
        )?;
        let mut rows = statement.query([job])?;
        let mut seen = Seen::default();
        while let Some(row) = rows.next()? {
            let ids: Vec<String> = json(row, 2)?;
            let items = ids.iter().map(|id| {
                let (key, record) = self.record(job, id)?;
                Ok(ItemRecord { repeated: seen.again(key), ..record })
            });
            let items = items.collect::<rusqlite::Result<_>>()?;
            if !each(RowRecord { line: row.get(0)?, cells: json(row, 1)?, items }) {
                break;
            }
        }
        Ok(())
    }

    /// The item's key, and what is known of it.
    fn record(&self, job: i64, id: &str) -> rusqlite::Result<(i64, ItemRecord)> {
        let by_id = format!("SELECT {RECORD_COLUMNS} {RECORD_FROM} WHERE items.job_id = ?1 AND items.id = ?2");
        self.database.connection.prepare_cached(&by_id)?.query_row(params![job, id], item_record)
    }

    fn group_failures(&self, job: i64) -> rusqlite::Result<Vec<FailureGroup>> {
        let mut statement = self.database.connection.prepare(
            "SELECT failure_kind, failure, id FROM items WHERE job_id = ?1 AND state = 'failed' ORDER BY key",
        )?;
        let mut rows = statement.query([job])?;
        let mut groups = BTreeMap::new();
        while let Some(row) = rows.next()? {
            add_to_group(&mut groups, kind(row, 0)?, row.get(1)?, row.get(2)?);
        }
        let mut groups: Vec<FailureGroup> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.items));
        Ok(groups)
    }
}

impl Ledger for SqliteLedger {
    fn status(&self, now: Timestamp, jobs: &[String]) -> Result<Vec<JobStatus>, QueueError> {
        let jobs = if jobs.is_empty() { &self.all_jobs()? } else { jobs };
        jobs.iter()
            .map(|name| {
                let job = self.job(name)?;
                self.job_status(now, job).doing(&self.database.path, "reading a job's status")
            })
            .collect()
    }

    fn newest_run(&self, job: &str) -> Result<Option<PastRun>, QueueError> {
        let found = past::newest_run(&self.database.connection, job);
        let found = found.doing(&self.database.path, "reading a job's newest run")?;
        Ok(found.map(|run| run.with_lock(lock::is_held(&self.database.path, job))))
    }

    fn columns(&self, job: &str) -> Result<Vec<String>, QueueError> {
        let key = self.job(job)?;
        let columns = "SELECT columns FROM jobs WHERE id = ?1";
        let columns = self.database.connection.query_row(columns, [key], |row| json(row, 0));
        columns.doing(&self.database.path, "reading a job's columns")
    }

    fn rows(&self, job: &str, each: &mut dyn FnMut(RowRecord) -> bool) -> Result<(), QueueError> {
        let job = self.job(job)?;
        self.each_row(job, each).doing(&self.database.path, "reading a job's rows")
    }

    fn failures(&self, job: &str) -> Result<Vec<FailureGroup>, QueueError> {
        let job = self.job(job)?;
        self.group_failures(job).doing(&self.database.path, "reading a job's failures")
    }

    fn item(&self, job: &str, item: &ItemId) -> Result<ItemStory, QueueError> {
        let (key, connection) = (self.job(job)?, &self.database.connection);
        let record = || self.record(key, item.as_str()).map(|(_, record)| record);
        let story = item_story(connection, key, item.as_str(), record);
        let story = story.doing(&self.database.path, "reading an item's story")?;
        story.ok_or_else(|| no_such_item(connection, key, job, item))
    }

    fn lately(&self, job: &str, since: Timestamp, each: &mut dyn FnMut(RecentAttempt)) -> Result<(), QueueError> {
        let (job, connection) = (self.job(job)?, &self.database.connection);
        each_lately(connection, job, since, each).doing(&self.database.path, "reading the newest attempts")
    }

    fn account(
        &self,
        jobs: &[String],
        sent: Range<Timestamp>,
        each: &mut dyn FnMut(&AttemptEntry<'_>),
    ) -> Result<(), QueueError> {
        let jobs = if jobs.is_empty() { &self.all_jobs()? } else { jobs };
        let keys = jobs.iter().map(|job| Ok((self.job(job)?, job.as_str()))).collect::<Result<_, QueueError>>()?;
        each_attempt(&self.database.connection, &keys, sent, each).doing(&self.database.path, "reading the attempts")
    }
}

/// Who gave the prices, where only one did.
const fn price_source(given: bool, listed: bool) -> Option<PriceSource> {
    match (given, listed) {
        (true, false) => Some(PriceSource::Given),
        (false, true) => Some(PriceSource::Listed),
        _ => None,
    }
}

/// A job's items by state, from the kept tallies.
pub(super) fn counts(connection: &Connection, job: i64) -> rusqlite::Result<Counts> {
    let mut counts = Counts::default();
    let mut statement =
        connection.prepare_cached("SELECT state, kind, items FROM tallies WHERE job_id = ?1 AND items > 0")?;
    let mut rows = statement.query([job])?;
    while let Some(row) = rows.next()? {
        let items = row.get(2)?;
        match item_state(row, 0)? {
            ItemState::Queued => counts.queued = items,
            ItemState::Running => counts.running = items,
            ItemState::Done => counts.done = items,
            ItemState::Cancelled => counts.cancelled = items,
            ItemState::Failed => drop(counts.failed.insert(kind(row, 1)?, items)),
        }
    }
    Ok(counts)
}

/// An item's key, and what is known of it.
pub(super) fn item_record(row: &Row<'_>) -> rusqlite::Result<(i64, ItemRecord)> {
    let failure = match row.get::<_, Option<String>>(9)? {
        Some(message) => Some((kind(row, 8)?, message)),
        None => None,
    };
    let record = ItemRecord {
        item: item(row, 0)?,
        state: item_state(row, 5)?,
        attempts: row.get(6)?,
        artifact: optional_json(row, 7)?,
        failure,
        reply: optional_json(row, 10)?.unwrap_or_default(),
        cost: usd(row, 11)?,
        verdict: verdict_record(row, 13)?,
        repeated: false,
    };
    Ok((row.get(12)?, record))
}

/// What stands said of an item, in eight columns from `first` on; none where nothing is.
fn verdict_record(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<VerdictRecord>> {
    let Some(person) = row.get(first + 5)? else { return Ok(None) };
    let verdict = Verdict {
        decision: optional_word(row, first)?,
        picture: row.get(first + 1)?,
        favourite: row.get(first + 2)?,
        note: row.get(first + 3)?,
        caption: row.get(first + 4)?,
    };
    if verdict.is_empty() {
        return Ok(None);
    }
    let holds = verdict.decision.is_some() && row.get(first + 7)?;
    Ok(Some(VerdictRecord { verdict, person, at: Timestamp::from_millis(row.get(first + 6)?), holds }))
}

/// Messages that differ only in numbers and in words with digits (request ids, waits) have one cause.
fn add_to_group(
    groups: &mut BTreeMap<(FailureKind, String), FailureGroup>,
    kind: FailureKind,
    message: String,
    item: String,
) {
    let words = message.split(|c: char| !c.is_alphanumeric());
    let cause = words.map(|word| if word.contains(|c: char| c.is_ascii_digit()) { "0" } else { word }).collect();
    match groups.entry((kind, cause)) {
        Entry::Vacant(entry) => {
            entry.insert(FailureGroup { kind, message, items: 1, examples: vec![item] });
        }
        Entry::Occupied(mut entry) => {
            let group = entry.get_mut();
            group.items += 1;
            if group.examples.len() < EXAMPLES {
                group.examples.push(item);
            }
        }
    }
}
