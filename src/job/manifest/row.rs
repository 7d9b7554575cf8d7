//! A row's cells become its items. Never reads a file's format: cells come with their places.

use std::collections::BTreeMap;
use std::mem;

use serde_json::Value;

use super::cells::{Cells, parse};
use super::columns::Columns;
use super::naming::NamingOf;
use super::raw_row::{NamePlaces, RawRow};
use super::references::{References, Resolved};
use super::shaper::Shaper;
use super::{AddedReferences, MOST_PROBLEMS, Row};
use crate::disk::ListFolder;
use crate::domain::{Fields, Item, ManifestRow, Request, SeenFile, Sources, lay_over};
use crate::job::Defaults;
use crate::job::fault::{Fault, Place, Problem};
use crate::job::setting::{Seed, Temperature};
use crate::job::shape::{Shaping, combinations};
use crate::job::tables;

/// Turns rows into items.
pub struct Rows {
    defaults: Defaults,
    references: References,
    shaper: Shaper,
    /// The columns beside `images` that name references.
    reference_columns: Vec<String>,
    /// The references that every request gets.
    always: Vec<String>,
    notes: Vec<Problem>,
    named: NamePlaces,
}

impl Rows {
    /// Rows whose references lie in this folder, whose empty cells mean these defaults, and of which the job makes this.
    pub fn new(defaults: Defaults, folder: ListFolder, shaping: &Shaping) -> Self {
        Self {
            defaults,
            references: References::new(folder),
            shaper: Shaper::new(shaping),
            reference_columns: Vec::new(),
            always: Vec::new(),
            notes: Vec::new(),
            named: NamePlaces::default(),
        }
    }

    /// Where the last row says how its items are called.
    pub fn named(&self) -> NamePlaces {
        self.named
    }

    /// What shapes the rows.
    pub fn shaper(&self) -> &Shaper {
        &self.shaper
    }

    /// Adds the job's references to those of every row. What is wrong with those that every request gets is told here,
    /// once, and the rows do without them; then what is odd about them.
    pub fn add_references(&mut self, added: &AddedReferences) -> (Vec<Fault>, Vec<Fault>) {
        let texts = |listed: &[(String, Place)]| listed.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
        self.reference_columns = texts(&added.columns);
        let always = texts(&added.always);
        self.references.want(added);
        let Resolved { paths, problems, notes, .. } = self.references.resolve(&always, 0);
        let told = |at: Option<usize>, message: &str| added.at_always(at, message);
        let faults: Vec<Fault> = problems.iter().filter_map(|(at, message)| told(*at, message)).collect();
        if faults.is_empty() {
            self.always = paths;
        }
        (faults, notes.iter().filter_map(|(at, message)| told(Some(*at), message)).collect())
    }

    /// What is odd about the references of the rows since this was asked.
    pub fn take_notes(&mut self) -> Vec<Problem> {
        mem::take(&mut self.notes)
    }

    /// A file as the last reading saw it.
    pub fn remember(&mut self, seen: &SeenFile) {
        self.references.remember(seen);
    }

    /// The references looked at since this was asked.
    pub fn take_seen(&mut self) -> Vec<SeenFile> {
        self.references.take_seen()
    }

    /// The row as it is kept, with its items, and everything that is wrong with it.
    pub fn items(&mut self, columns: &Columns, mut row: RawRow) -> (Row, Vec<Problem>) {
        let taken = self.shaper.takes(columns, &row);
        let before = self.shaper.fill_down(columns, &mut row);
        let (mut items, mut problems, mut has_id) = (Vec::new(), Vec::new(), false);
        self.named = NamePlaces::default();
        match taken {
            Ok(true) => has_id = self.shaped_items(columns, &row, &mut items, &mut problems),
            Ok(false) => {}
            Err(problem) => problems.push(problem),
        }
        problems.truncate(MOST_PROBLEMS);
        let mut cells: Vec<Value> = row.cells.into_iter().map(|cell| cell.value).collect();
        for (column, value) in before {
            cells[column] = value;
        }
        ((ManifestRow { line: row.line, has_id, cells }, items), problems)
    }

    /// The items of a row, for each combination of the job's matrix; returns whether the row names them itself.
    fn shaped_items(
        &mut self,
        columns: &Columns,
        row: &RawRow,
        items: &mut Vec<Item>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let shaping = self.shaper.shaping();
        let seen = self.shaper.view(columns, row);
        let mut has_id = false;
        // What is wrong with a row is mostly wrong with each of its combinations.
        let note = |problem, problems: &mut Vec<Problem>| {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        };
        let all = combinations(&shaping.matrix);
        for combination in &all {
            let given = match self.shaper.given(&seen, row, combination) {
                Ok(given) => given,
                Err(broken) => {
                    broken.into_iter().for_each(|problem| note(problem, problems));
                    continue;
                }
            };
            let mut cells = Cells::new(columns, row, &given, &shaping.ignore);
            cells.find_said_twice();
            self.named = NamePlaces { id: cells.place("id"), name: cells.place("name") };
            let asked = self.request(&mut cells);
            let naming = NamingOf { shaper: &self.shaper, seen: &seen, combination, combinations: all.len() };
            has_id |= naming.items(&mut cells, &asked, items);
            cells.into_problems().into_iter().for_each(|problem| note(problem, problems));
        }
        has_id
    }

    /// What the row asks of the model, and what its references hold.
    fn request(&mut self, cells: &mut Cells) -> (Request, Sources) {
        let defaults = &self.defaults;
        let named = cells.references(&self.reference_columns);
        let paths = named.iter().map(|(_, path)| path);
        let written: Vec<String> = paths.chain(&self.always).cloned().collect();
        let mut request = Request {
            prompt: cells.prompt(),
            references: Vec::new(),
            model: cells.parsed("model", parse).unwrap_or_else(|| defaults.model.clone()).as_str().to_owned(),
            aspect_ratio: cells.parsed("aspect_ratio", parse).or(defaults.aspect_ratio),
            image_size: cells.parsed("image_size", parse).unwrap_or(defaults.image_size),
            thinking: cells.parsed("thinking", parse).or(defaults.thinking),
            modalities: cells.parsed("modalities", parse).unwrap_or(defaults.modalities),
            temperature: cells.parsed("temperature", temperature).or(defaults.temperature),
            seed: cells.parsed("seed", seed).or(defaults.seed),
            system_instruction: cells
                .text("system_instruction")
                .map(str::to_owned)
                .or(defaults.system_instruction.clone()),
            safety: laid_over(&defaults.safety, cells.table("safety", tables::safety)),
            labels: laid_over(&defaults.labels, cells.table("labels", tables::labels)),
            extra: extra(&defaults.extra, cells.table("extra", tables::extra)),
        };
        let text_bytes = request.prompt.len() + request.system_instruction.as_ref().map_or(0, String::len);
        let resolved = self.references.resolve(&written, text_bytes);
        // What is wrong with all of them together is told at the first.
        let column = |number: usize| named.get(number).map_or("images", |(column, _)| column);
        for (number, problem) in resolved.problems {
            let column = column(number.unwrap_or(0));
            cells.fault(column, format!("`{column}`: {problem}"));
        }
        let notes = resolved.notes.into_iter().map(|(number, note)| (column(number), note));
        self.notes.extend(notes.map(|(column, note)| cells.problem(column, format!("`{column}`: {note}"))));
        request.references = resolved.paths;
        (request, resolved.sources)
    }
}

/// A row's entries beside the job's; of two with one key, the row's.
fn laid_over<K: Ord + Clone, V: Clone>(job: &BTreeMap<K, V>, row: Option<BTreeMap<K, V>>) -> BTreeMap<K, V> {
    job.clone().into_iter().chain(row.unwrap_or_default()).collect()
}

fn extra(job: &Fields, row: Option<Fields>) -> Fields {
    let mut both = job.clone();
    lay_over(&mut both, &row.unwrap_or_default());
    both
}

fn temperature(text: &str) -> Result<f64, String> {
    parse(text).map(|Temperature(number)| number)
}

fn seed(text: &str) -> Result<i32, String> {
    parse(text).map(|Seed(number)| number)
}
