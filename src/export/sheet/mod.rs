//! `index.html`: a job on one page that opens from the disk, whole up to a bound that browsers bear. Never names
//! anything outside the folder but the reference images, never asks the network for anything, and never holds more
//! than a row of the ledger.
//!
//! The page is three files beside this one and a block of JSON. Everything a manifest or a model said is in that block
//! and nowhere else; the page's script puts it on the screen as text.

mod entry;
mod in_script;
mod link;
mod night;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;

pub(super) use self::entry::{Entry, Links, Picture, Said, entry};
pub(super) use self::link::Reference;
use self::link::References;
use self::night::Night;
use crate::domain::{Course, Timestamp, Usd};
use crate::paper;
use crate::queue::{ItemState, JobStatus, RowRecord};

const PAGE: &str = include_str!("sheet.html");
const STYLE: &str = include_str!("sheet.css");
/// The order matters: each file uses what those before it declare.
const SCRIPT: &str = concat!(
    include_str!("words.js"),
    include_str!("night.js"),
    include_str!("grid.js"),
    include_str!("viewer.js"),
    include_str!("sheet.js")
);

/// What the page says of the job at its top, and where things lie.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Its output folder, which must exist: the pictures are below it, the page is written into it.
    pub output: &'a Path,
    /// The folder that relative reference images start at.
    pub references: &'a Path,
    /// The present moment.
    pub now: Timestamp,
    /// How long the run that just ended took.
    pub took: Duration,
    /// Whether a simulator answered, so that nothing was paid.
    pub rehearsal: bool,
    /// When the list price that was counted with was looked up, such as `2026-11`; none if the user gave the price.
    pub list_price_of: Option<&'a str>,
    /// The run that just ended over time.
    pub course: Option<&'a Course>,
    /// How it had been foreseen.
    pub foreseen: Option<&'a Course>,
}

/// The head as the page's script reads it.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    job: &'a str,
    /// Milliseconds since the Unix epoch: the reader's clock knows the time zone.
    written: Timestamp,
    took_seconds: f64,
    rehearsal: bool,
    list_price_of: Option<&'a str>,
    /// The last run over time, and how it had been foreseen; null where it sent nothing.
    night: Option<Night>,
    foreseen: Option<Night>,
    /// The manifest's, in its order; the cells of an item are in the same order.
    columns: &'a [String],
    /// Of the whole job, rows that are gone included; null as long as nobody knows.
    attempts: Option<u64>,
    lost_attempts: Option<u64>,
    cost_usd: Option<Usd>,
    /// Whether the page tells what was said in a review.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    review: bool,
}

/// The page carries so many items: about 14 MB with texts of 200 bytes, which a browser opens in a second or two.
const MOST_ITEMS: usize = 20_000;

/// Writes the page to anything, a row of the manifest at a time.
pub struct Sheet<W: Write> {
    page: Page<W>,
    references: References,
}

impl<W: Write> Sheet<W> {
    /// Begins the page. `columns` are the manifest's, `status` is the job's where it is known.
    pub fn new(about: &About, columns: &[String], status: Option<&JobStatus>, to: W) -> io::Result<Self> {
        let page = Page::begin(&head(about, columns, status), &BESIDE_RESULTS, to)?;
        Ok(Self { page, references: References::new(about.references, about.output) })
    }

    /// The items of one row. Rows with the same request share an item, and it is shown once, with the cells of the
    /// first of them. What the page has no room for is counted.
    pub fn write(&mut self, row: &RowRecord) -> io::Result<()> {
        for item in row.items.iter().filter(|item| !item.repeated) {
            match self.page.has_room(item.state) {
                true => self.page.entry(&entry(row, item, &mut self.references))?,
                false => continue,
            }
        }
        Ok(())
    }

    /// Ends the page, and hands back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.page.finish()
    }
}

/// What the page says of what lies beside it: as markup, for whoever has more items than it has room for, and for whoever
/// sees nothing of it.
pub(super) struct Beside {
    pub elsewhere: &'static str,
    pub instead: &'static str,
}

const BESIDE_RESULTS: Beside = Beside {
    elsewhere: " All of\nthem are in <a href=\"results.csv\">results.csv</a>, with the names of their files.",
    instead: "The same is in\n<a href=\"results.csv\">results.csv</a>, and the pictures lie beside it.",
};

/// The page itself, an entry at a time.
pub(super) struct Page<W: Write> {
    to: W,
    written: usize,
    /// How many items in which state the page has no room for.
    beyond: BTreeMap<&'static str, u64>,
    /// The page behind the data.
    rest: String,
}

impl<W: Write> Page<W> {
    /// Begins it with its head.
    pub fn begin(head: &Head<'_>, beside: &Beside, mut to: W) -> io::Result<Self> {
        let page = page().replace("{elsewhere}", beside.elsewhere).replace("{beside}", beside.instead);
        let (before, rest) = page.split_once("{data}").unwrap_or((&page, ""));
        to.write_all(before.as_bytes())?;
        to.write_all(b"{\"about\":")?;
        in_script::write(&mut to, head)?;
        to.write_all(b",\"items\":[")?;
        Ok(Self { to, written: 0, beyond: BTreeMap::new(), rest: rest.to_owned() })
    }

    /// Whether there is no room for one more item.
    pub fn is_full(&self) -> bool {
        self.written >= MOST_ITEMS
    }

    /// Whether there is room for one more item; where there is none, this one is counted.
    pub fn has_room(&mut self, state: ItemState) -> bool {
        let has_room = !self.is_full();
        if !has_room {
            *self.beyond.entry(state.as_str()).or_default() += 1;
        }
        has_room
    }

    /// One item.
    pub fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.to.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        in_script::write(&mut self.to, entry)
    }

    /// Ends the page, and hands back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.write_all(b"\n],\"beyond\":")?;
        in_script::write(&mut self.to, &self.beyond)?;
        self.to.write_all(b"}")?;
        self.to.write_all(self.rest.as_bytes())?;
        Ok(self.to)
    }
}

impl<'a> Head<'a> {
    /// That of a page which is passed on: whoever gets it has nothing to do with the run or the bill.
    pub fn of_review(job: &'a str, now: Timestamp, rehearsal: bool, columns: &'a [String]) -> Self {
        Self {
            job,
            written: now,
            took_seconds: 0.0,
            rehearsal,
            list_price_of: None,
            night: None,
            foreseen: None,
            columns,
            attempts: None,
            lost_attempts: None,
            cost_usd: None,
            review: true,
        }
    }
}

fn head<'a>(about: &About<'a>, columns: &'a [String], status: Option<&JobStatus>) -> Head<'a> {
    Head {
        job: about.job,
        written: about.now,
        took_seconds: about.took.as_secs_f64(),
        rehearsal: about.rehearsal,
        list_price_of: about.list_price_of,
        night: about.course.and_then(Night::of),
        foreseen: about.foreseen.and_then(Night::of),
        columns,
        attempts: status.map(|status| status.attempts),
        lost_attempts: status.map(|status| status.lost_attempts),
        cost_usd: status.and_then(|status| status.cost),
        review: false,
    }
}

/// The page with its style and script in their places, and `{data}` where the data belongs.
fn page() -> String {
    let style = [paper::STYLE, STYLE].concat();
    let page = PAGE.replace("{style hash}", &hash(&style)).replace("{script hash}", &hash(SCRIPT));
    page.replace("{style}", &style).replace("{script}", SCRIPT)
}

/// How a content security policy names the only style or script that it allows (W3C CSP 3, "hash-source").
fn hash(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest))
}
