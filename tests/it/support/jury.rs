//! A person who reviews a job's pictures. Never on a page: what they say goes straight into the database.

use std::collections::BTreeMap;

use overnight::domain::{Decision, Timestamp};
use overnight::queue::sqlite::SqliteReview;
use overnight::queue::{Card, CardKey, Gallery, Jury, Order, Saw, Wanted, Witness, Word};

use super::workspace::Workspace;

/// 2026-11-20 08:00:00 UTC.
pub const MORNING: Timestamp = Timestamp::from_millis(1_795_161_600_000);

/// Ada, at the table of a job.
pub struct Ada {
    review: SqliteReview,
    job: String,
}

impl Ada {
    /// Sits down with the job of a database in the workspace.
    pub fn at(here: &Workspace, database: &str, job: &str) -> Self {
        Self { review: SqliteReview::open(&here.path(database)).unwrap(), job: job.to_owned() }
    }

    /// The card of every item, by its id.
    pub fn cards(&self) -> BTreeMap<String, Card> {
        let keys = self.review.find(&self.job, &Wanted::default(), Order::Manifest).unwrap();
        let cards = self.review.cards(&self.job, &keys).unwrap().into_iter();
        cards.map(|card| (card.record.item.id.to_string(), card)).collect()
    }

    /// Says something of these items.
    pub fn say(&mut self, items: &[&str], word: &Word) {
        let cards = self.cards();
        let keys: Vec<CardKey> = items.iter().map(|item| cards[*item].key).collect();
        self.review
            .say(Witness { person: "Ada", now: MORNING, saw: Saw::Whichever }, &self.job, &keys, word)
            .unwrap()
            .expect("an act");
    }

    /// Approves the pictures of these.
    pub fn approves(&mut self, items: &[&str]) {
        self.say(items, &Word::Decide(Some(Decision::Approved)));
    }

    /// Rejects them.
    pub fn rejects(&mut self, items: &[&str]) {
        self.say(items, &Word::Decide(Some(Decision::Rejected)));
    }

    /// Has one of an item's pictures, by its number from 0, stand for the product.
    pub fn favours(&mut self, item: &str, picture: usize) {
        let artifact = self.cards()[item].record.artifact.clone().unwrap();
        self.say(&[item], &Word::Favourite(Some(artifact.images[picture].blake3.clone())));
    }

    /// Writes a note.
    pub fn notes(&mut self, item: &str, note: &str) {
        self.say(&[item], &Word::Note(Some(note.to_owned())));
    }

    /// Writes what a picture shows.
    pub fn captions(&mut self, item: &str, caption: &str) {
        self.say(&[item], &Word::Caption(Some(caption.to_owned())));
    }
}
