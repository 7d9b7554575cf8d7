//! The templates of a job, understood once and rendered for each row. Never knows what a column means.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Value};

use super::depth::deep;
use super::engine::Engines;
use super::matrix::Combination;
use super::named::unknown_in_template;
use super::pieces::{piece_of, piece_shown, understood_pieces};
use super::row_view::{ColumnNumbers, RowView, Unknown, VARIANT, View, value};
use super::written::{Written, find_in_code};
use super::{Shaping, wrong};
use crate::job::fault::{Fault, Place, Problem};

/// The templates of a job.
pub struct Renderer {
    engines: Engines,
    texts: Vec<Text>,
    /// Every name that stands in a template or a piece to include.
    asked: Arc<BTreeSet<String>>,
    unknown: Arc<Unknown>,
    file: String,
    shaping: Shaping,
}

/// One template.
struct Text {
    column: &'static str,
    /// What the engine knows it by.
    name: String,
    written: Written,
    /// The names of columns in it.
    names: BTreeSet<String>,
    /// Every name in it and in the pieces that it includes.
    uses: BTreeSet<String>,
}

/// What a template gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// The column it is for.
    pub column: &'static str,
    /// What stands there: one text, or for `images` several.
    pub texts: Vec<String>,
}

/// A template that a row's cells broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrendered {
    /// The column it is for.
    pub column: &'static str,
    /// What went wrong, with the place of the template.
    pub message: String,
}

/// A name in a template that no column has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misnamed {
    /// What it stands in.
    pub within: String,
    /// The name.
    pub name: String,
    /// The file it stands in, as messages name it.
    pub file: String,
    /// Where in that file.
    pub place: Place,
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").field("shaping", &self.shaping).finish_non_exhaustive()
    }
}

impl Renderer {
    /// Understands every template of a job, or tells all that is wrong with them.
    pub fn new(shaping: &Shaping) -> Result<Self, Vec<Fault>> {
        deep(|| Self::understood(shaping))
    }

    fn understood(shaping: &Shaping) -> Result<Self, Vec<Fault>> {
        let mut engines = Engines::new(&shaping.partials);
        let (pieces, mut faults) = understood_pieces(&engines, shaping);
        let mut texts = Vec::new();
        for template in &shaping.templates {
            for (number, written) in template.texts.iter().enumerate() {
                let name = format!("{}#{number}", template.column);
                match understood(&mut engines, template.column, &name, written, &shaping.pieces()) {
                    Ok(own) => {
                        let names = wrong::asked(&own);
                        let uses = own.into_iter().chain(pieces.used_by(written.text())).collect();
                        texts.push(Text { column: template.column, name, written: written.clone(), names, uses });
                    }
                    Err(problems) => faults.extend(problems.into_iter().map(|problem| problem.in_file(&shaping.file))),
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let asked = texts.iter().flat_map(|text| text.names.clone()).chain(pieces.asked()).collect();
        let (file, shaping) = (shaping.file.clone(), shaping.clone());
        Ok(Self { engines, texts, asked: Arc::new(asked), unknown: Arc::default(), file, shaping })
    }

    /// Whether the template of a column names a value of the matrix, or the number of the variant.
    pub fn uses(&self, column: &str, name: &str) -> bool {
        self.texts.iter().any(|text| text.column == column && text.uses.contains(name))
    }

    /// Every name that stands in a template, be it a column's or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(String::as_str)
    }

    /// The names that stand in templates and that none of these columns has. Where a name is in a piece to include, it is
    /// told only when a row was asked for it.
    pub fn misnamed(&self, is_column: impl Fn(&str) -> bool) -> Vec<Misnamed> {
        let is_known = |name: &str| is_column(name) || self.shaping.matrix.iter().any(|axis| axis.name == name);
        let stated = self.texts.iter().flat_map(|text| {
            let unknown = text.names.iter().filter(|name| !is_known(name));
            unknown.map(|name| text.misnamed(name, &self.file)).collect::<Vec<_>>()
        });
        let asked = self.unknown.take();
        let noted = asked.into_iter().filter(|name| !is_known(name)).flat_map(|name| self.find(&name));
        let mut all: Vec<Misnamed> = stated.collect();
        for misnamed in noted {
            if !all.contains(&misnamed) {
                all.push(misnamed);
            }
        }
        all
    }

    /// Where a name stands, in each template and each piece the first time.
    fn find(&self, name: &str) -> Vec<Misnamed> {
        let texts = self.texts.iter().filter(|text| find_in_code(text.written.text(), name).is_some());
        let in_text = |text: &Text| text.misnamed(name, &self.file);
        let in_piece = |(piece, text): &(String, String)| {
            let place = Place::of_offset(text, find_in_code(text, name)?);
            let file = piece_shown(&self.file, piece);
            Some(Misnamed { within: "this piece".to_owned(), name: name.to_owned(), file, place })
        };
        let found: Vec<_> = texts.map(in_text).chain(self.shaping.partials.iter().filter_map(in_piece)).collect();
        // A name that is put together stands nowhere.
        let anywhere = self.texts.first().filter(|_| found.is_empty()).map(in_text);
        found.into_iter().chain(anywhere).collect()
    }

    /// Whether rows were asked for names that no column had.
    pub fn has_noted(&self) -> bool {
        self.unknown.is_noted()
    }

    /// A row as its templates see it.
    pub fn view<'a>(&self, columns: &ColumnNumbers, cells: impl Iterator<Item = &'a serde_json::Value>) -> RowCells {
        let row = RowView {
            columns: Arc::clone(columns),
            cells: cells.map(value).collect(),
            unknown: Arc::clone(&self.unknown),
        };
        RowCells(Arc::new(row))
    }

    /// What the templates of these columns give for a row.
    pub fn render(
        &self,
        row: &RowCells,
        combination: &Combination<'_>,
        variant: u32,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Rendering>, Vec<Unrendered>> {
        if !self.texts.iter().any(|text| wanted(text.column)) {
            return Ok(Vec::new());
        }
        let mut values: HashMap<String, Value> =
            combination.iter().map(|(axis, value)| (axis.name.clone(), Value::from(value.text.as_str()))).collect();
        values.insert(VARIANT.to_owned(), Value::from(variant));
        let view = View { row: Arc::clone(&row.0), values: Arc::new(values), asked: Arc::clone(&self.asked) };
        let root = Value::from_object(view);
        let mut rendered: Vec<Rendering> = Vec::new();
        let mut unrendered = Vec::new();
        for text in self.texts.iter().filter(|text| wanted(text.column)) {
            match self.render_one(text, root.clone()) {
                Ok(given) => match rendered.iter_mut().find(|known| known.column == text.column) {
                    Some(known) => known.texts.push(given),
                    None => rendered.push(Rendering { column: text.column, texts: vec![given] }),
                },
                Err(error) => unrendered.push(self.unrendered(text, &error)),
            }
        }
        if unrendered.is_empty() { Ok(rendered) } else { Err(unrendered) }
    }

    fn render_one(&self, text: &Text, root: Value) -> Result<String, Error> {
        self.engines.of(text.column).get_template(&text.name)?.render(root)
    }

    fn unrendered(&self, text: &Text, error: &Error) -> Unrendered {
        let (place, file) = match piece_of(error, &self.shaping) {
            Some((piece, place)) => (place, piece_shown(&self.file, piece)),
            None => (text.written.place(start(error)), self.file.clone()),
        };
        let at = Problem::new(place, "").in_file(&file).location();
        let words = wrong::words(error, &self.shaping.pieces());
        Unrendered { column: text.column, message: format!("`{}`: {words} (its template stands at {at})", text.column) }
    }
}

impl Text {
    /// That it names what no column is called.
    fn misnamed(&self, name: &str, file: &str) -> Misnamed {
        Misnamed {
            within: format!("`template.{}`", self.column),
            name: name.to_owned(),
            file: file.to_owned(),
            place: self.written.place_of_word(name),
        }
    }
}

/// A row's cells as templates see them.
#[derive(Debug, Default)]
pub struct RowCells(Arc<RowView>);

/// Puts a template into its engine, and tries it on a row that holds nothing; gives the names that stand in it.
fn understood(
    engines: &mut Engines,
    column: &str,
    name: &str,
    written: &Written,
    pieces: &[&str],
) -> Result<HashSet<String>, Vec<Problem>> {
    let engine = engines.of_mut(column);
    let wrong = |error: Error| vec![Problem::new(written.place(start(&error)), wrong::words(&error, pieces))];
    engine.add_template_owned(name.to_owned(), written.text().to_owned()).map_err(wrong)?;
    let unknown = unknown_in_template(engine, written.text()).into_iter();
    let unknown: Vec<_> = unknown.map(|(at, message)| Problem::new(written.place(at), message)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    tried(engine, name).map_err(wrong)
}

/// Renders a template for a row that holds nothing, and gives its names. What a piece to include is wrong with is told
/// of that piece.
pub(super) fn tried(engine: &Environment<'_>, name: &str) -> Result<HashSet<String>, Error> {
    let template = engine.get_template(name)?;
    let names = template.undeclared_variables(false);
    match template.render(Value::from_object(View::empty(&wrong::asked(&names)))) {
        Err(error) if wrong::is_the_templates(&error) && !is_told_of_a_piece(&error) => Err(error),
        _ => Ok(names),
    }
}

/// A loop without end may be one only where the piece is included.
fn is_told_of_a_piece(error: &Error) -> bool {
    let told = |cause: &Error| match wrong::in_piece(cause) {
        Some(_) => is_told_of_a_piece(cause),
        None => cause.kind() != ErrorKind::OutOfFuel,
    };
    wrong::in_piece(error).is_some_and(told)
}

/// The byte of its template where an error stands.
pub(super) fn start(error: &Error) -> usize {
    error.range().map_or(0, |range| range.start)
}
