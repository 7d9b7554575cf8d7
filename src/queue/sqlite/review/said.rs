//! What a person says of items, written down as one act. Never changes an item.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::super::{Acted, CardKey, PictureMark, Saw, Witness, Word};
use super::super::stored::optional_word;
use super::{Listed, rows};
use crate::domain::{Decision, Verdict};

/// An item, what stands said of it, and where its row is.
const SUBJECT: &str = "SELECT decision, picture, favourite, note, caption, artifact ->> '$.images[0].blake3', id, line
     FROM items LEFT JOIN verdicts ON verdicts.item_key = key AND stands
     WHERE key = ?1 AND job_id = ?2 AND first_revision <= ?3";

/// Whether a picture is one of an item's, or of its earlier ones that are still there.
const HAS_PICTURE: &str = "SELECT
     EXISTS (SELECT 1 FROM items, json_each(items.artifact, '$.images') AS image
             WHERE items.key = ?1 AND image.value ->> '$.blake3' = ?2)
     OR EXISTS (SELECT 1 FROM versions, json_each(versions.artifact, '$.images') AS image
                WHERE versions.item_key = ?1 AND pruned_at IS NULL AND image.value ->> '$.blake3' = ?2)";

/// Says something of items; what would change nothing is left out.
pub(super) fn say(
    transaction: &Transaction<'_>,
    listed: Listed,
    witness: Witness<'_>,
    items: &[CardKey],
    word: &Word,
) -> rusqlite::Result<Option<Acted>> {
    let mut sayings = Sayings { connection: transaction, listed, saw: witness.saw, verdicts: BTreeMap::new() };
    for item in items {
        sayings.say(item.0, word)?;
    }
    let changed = sayings.changed();
    if changed.is_empty() {
        return Ok(None);
    }
    let name = name(word);
    let act = begin_act(transaction, listed, witness, name)?;
    for (item, verdict) in &changed {
        write(transaction, act, *item, verdict)?;
    }
    if name == "caption" {
        results_are_stale(transaction, listed)?;
    }
    let items = changed.into_iter().map(|(item, _)| CardKey(item)).collect();
    Ok(Some(Acted { word: name.to_owned(), items, left: 0 }))
}

/// The word as the journal has it.
const fn name(word: &Word) -> &'static str {
    match word {
        Word::Decide(Some(Decision::Approved)) => "approve",
        Word::Decide(Some(Decision::Rejected)) => "reject",
        Word::Decide(None) => "clear",
        Word::Favourite(_) => "favourite",
        Word::Note(_) => "note",
        Word::Caption(_) => "caption",
    }
}

/// An item that something is said of.
pub(super) struct Subject {
    pub verdict: Verdict,
    /// The picture it has.
    pub picture: Option<String>,
    id: String,
    line: u64,
}

/// The item, if it is one of the job's.
pub(super) fn subject(connection: &Connection, listed: Listed, item: i64) -> rusqlite::Result<Option<Subject>> {
    let mut statement = connection.prepare_cached(SUBJECT)?;
    statement.query_row(params![item, listed.job, listed.revision], read_subject).optional()
}

fn read_subject(row: &Row<'_>) -> rusqlite::Result<Subject> {
    let verdict = Verdict {
        decision: optional_word(row, 0)?,
        picture: row.get(1)?,
        favourite: row.get(2)?,
        note: row.get(3)?,
        caption: row.get(4)?,
    };
    Ok(Subject { verdict, picture: row.get(5)?, id: row.get(6)?, line: row.get(7)? })
}

/// What is said of items in one act, before it is written: of each what stood, and what shall stand.
struct Sayings<'a> {
    connection: &'a Connection,
    listed: Listed,
    saw: Saw<'a>,
    verdicts: BTreeMap<i64, (Verdict, Verdict)>,
}

impl Sayings<'_> {
    fn say(&mut self, item: i64, word: &Word) -> rusqlite::Result<()> {
        let Some(subject) = subject(self.connection, self.listed, item)? else { return Ok(()) };
        match word {
            Word::Decide(Some(_)) if !self.was_seen(item, &subject) => {}
            Word::Decide(decision) => self.decide(item, &subject, *decision),
            Word::Favourite(Some(picture)) => return self.prefer(item, &subject, picture),
            Word::Favourite(None) => self.verdict(item, &subject).favourite = None,
            Word::Note(note) => self.verdict(item, &subject).note = note.clone().filter(|note| !note.trim().is_empty()),
            Word::Caption(caption) => self.verdict(item, &subject).caption.clone_from(caption),
        }
        Ok(())
    }

    /// Whether the picture that it has is the one that was seen.
    fn was_seen(&self, item: i64, subject: &Subject) -> bool {
        match self.saw {
            Saw::Whichever => true,
            Saw::Picture(picture) => subject.picture.as_deref() == picture,
            Saw::Found(found) => found.get(&CardKey(item)) == Some(&PictureMark::of(subject.picture.as_deref())),
        }
    }

    /// What shall stand of an item.
    fn verdict(&mut self, item: i64, subject: &Subject) -> &mut Verdict {
        let stands = || (subject.verdict.clone(), subject.verdict.clone());
        &mut self.verdicts.entry(item).or_insert_with(stands).1
    }

    /// One that has no picture can only be rejected, and only once.
    fn decide(&mut self, item: i64, subject: &Subject, decision: Option<Decision>) {
        let is_idle = match decision {
            Some(Decision::Approved) => subject.picture.is_none(),
            Some(Decision::Rejected) => subject.picture.is_none() && subject.verdict.decision == decision,
            None => false,
        };
        if !is_idle {
            let verdict = self.verdict(item, subject);
            verdict.decision = decision;
            verdict.picture = subject.picture.clone().filter(|_| decision.is_some());
        }
    }

    /// One picture of a row stands for the product.
    fn prefer(&mut self, item: i64, subject: &Subject, picture: &str) -> rusqlite::Result<()> {
        let mut has = self.connection.prepare_cached(HAS_PICTURE)?;
        if !has.query_row(params![item, picture], |row| row.get::<_, bool>(0))? {
            return Ok(());
        }
        self.verdict(item, subject).favourite = Some(picture.to_owned());
        let row = rows::of_item(self.connection, self.listed, subject.line, &subject.id)?;
        let Some(row) = row else { return Ok(()) };
        for other in rows::keys(self.connection, self.listed, &row.ids)?.into_iter().filter(|key| *key != item) {
            if let Some(subject) = super::said::subject(self.connection, self.listed, other)? {
                self.verdict(other, &subject).favourite = None;
            }
        }
        Ok(())
    }

    /// Of which items something else stands now.
    fn changed(self) -> Vec<(i64, Verdict)> {
        let changed = self.verdicts.into_iter().filter(|(_, (before, after))| before != after);
        changed.map(|(item, (_, after))| (item, after)).collect()
    }
}

/// Begins an act; returns its key.
pub(super) fn begin_act(
    transaction: &Transaction<'_>,
    listed: Listed,
    witness: Witness<'_>,
    word: &str,
) -> rusqlite::Result<i64> {
    let begin = "INSERT INTO acts (job_id, word, person, done_at) VALUES (?1, ?2, ?3, ?4)";
    transaction.execute(begin, params![listed.job, word, witness.person, witness.now.millis()])?;
    Ok(transaction.last_insert_rowid())
}

/// What stands said of an item from this act on.
pub(super) fn write(transaction: &Transaction<'_>, act: i64, item: i64, verdict: &Verdict) -> rusqlite::Result<()> {
    let mut before = transaction.prepare_cached("UPDATE verdicts SET stands = 0 WHERE item_key = ?1 AND stands")?;
    before.execute([item])?;
    let insert = "INSERT INTO verdicts (act_id, item_key, decision, picture, favourite, note, caption)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Verdict { decision, picture, favourite, note, caption } = verdict;
    let decision = decision.map(Decision::as_str);
    let values = params![act, item, decision, picture, favourite, note, caption];
    transaction.prepare_cached(insert)?.execute(values).map(drop)
}

/// Captions stand in the results.
pub(super) fn results_are_stale(transaction: &Transaction<'_>, listed: Listed) -> rusqlite::Result<()> {
    transaction.execute("UPDATE jobs SET results_stale = 1 WHERE id = ?1", [listed.job]).map(drop)
}
