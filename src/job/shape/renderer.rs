//! The templates of a job, understood once and rendered for each row. Never knows what a column means.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use minijinja::{Environment, Error, Value};

use super::engine::{PARTIALS, engine};
use super::matrix::Combination;
use super::row_view::{ColumnNumbers, RowView, Unknown, VARIANT, View, value};
use super::written::{Written, find_word};
use super::{Shaping, wrong};
use crate::job::fault::{Fault, Place, Problem};

/// The templates of a job.
pub struct Renderer {
    engine: Environment<'static>,
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
    names: BTreeSet<String>,
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
        let mut faults = Vec::new();
        let mut engine = engine(&shaping.partials);
        let mut texts = Vec::new();
        for template in &shaping.templates {
            for (number, written) in template.texts.iter().enumerate() {
                let name = format!("{}#{number}", template.column);
                match understood(&mut engine, &name, written) {
                    Ok(names) => texts.push(Text { column: template.column, name, written: written.clone(), names }),
                    Err(problem) => faults.push(problem.in_file(&shaping.file)),
                }
            }
        }
        let mut asked: BTreeSet<String> = texts.iter().flat_map(|text| text.names.clone()).collect();
        for (name, text) in &shaping.partials {
            match engine.get_template(name) {
                Ok(partial) => asked.extend(wrong::asked(partial.undeclared_variables(false))),
                Err(error) => faults.push(partial_fault(shaping, name, text, &error)),
            }
        }
        let shaping = shaping.clone();
        match faults.is_empty() {
            true => Ok(Self {
                engine,
                texts,
                asked: Arc::new(asked),
                unknown: Arc::default(),
                file: shaping.file.clone(),
                shaping,
            }),
            false => Err(faults),
        }
    }

    /// Whether the template of a column names a value of the matrix, or the number of the variant.
    pub fn uses(&self, column: &str, name: &str) -> bool {
        self.texts.iter().any(|text| text.column == column && text.names_it(name))
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
            let unknown = text.names.iter().filter(|name| *name != VARIANT && !is_known(name));
            let placed = |name: &String| Misnamed {
                within: text.within(),
                name: name.clone(),
                file: self.file.clone(),
                place: text.written.place_of_word(name),
            };
            unknown.map(placed).collect::<Vec<_>>()
        });
        let asked = self.unknown.take();
        let noted = asked.into_iter().filter(|name| !is_known(name)).filter_map(|name| self.find(name));
        let mut all: Vec<Misnamed> = stated.collect();
        for misnamed in noted {
            if !all.contains(&misnamed) {
                all.push(misnamed);
            }
        }
        all
    }

    /// Where a name stands first.
    fn find(&self, name: String) -> Option<Misnamed> {
        let mut texts = self.texts.iter();
        if let Some(text) = texts.find(|text| find_word(text.written.text(), &name).is_some()) {
            let place = text.written.place_of_word(&name);
            return Some(Misnamed { within: text.within(), name, file: self.file.clone(), place });
        }
        let mut partials = self.shaping.partials.iter();
        let (partial, text) = partials.find(|(_, text)| find_word(text, &name).is_some())?;
        let place = Place::of_offset(text, find_word(text, &name)?);
        let file = partial_shown(&self.file, partial);
        Some(Misnamed { within: "this piece".to_owned(), name, file, place })
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
        self.engine.get_template(&text.name)?.render(root)
    }

    fn unrendered(&self, text: &Text, error: &Error) -> Unrendered {
        let own = error.name() == Some(&text.name);
        let place = match error.range().filter(|_| own) {
            Some(range) => text.written.place(range.start),
            None => text.written.start(),
        };
        let at = Problem::new(place, "").in_file(&self.file).location();
        Unrendered {
            column: text.column,
            message: format!("`{}`: {} (its template stands at {at})", text.column, wrong::words(error)),
        }
    }
}

impl Text {
    /// What messages call it.
    fn within(&self) -> String {
        format!("`template.{}`", self.column)
    }

    /// Whether it names a value, plainly or as an entry of the row.
    fn names_it(&self, name: &str) -> bool {
        self.names.contains(name) || name == VARIANT && find_word(self.written.text(), VARIANT).is_some()
    }
}

/// A row's cells as templates see them.
#[derive(Debug, Default)]
pub struct RowCells(Arc<RowView>);

/// Puts a template into the engine, and tries it on a row that holds nothing; gives the names that stand in it.
fn understood(engine: &mut Environment<'static>, name: &str, written: &Written) -> Result<BTreeSet<String>, Problem> {
    let wrong = |error: Error| {
        let at = error.range().map_or(0, |range| range.start);
        Problem::new(written.place(at), wrong::words(&error))
    };
    engine.add_template_owned(name.to_owned(), written.text().to_owned()).map_err(wrong)?;
    let template = engine.get_template(name).map_err(wrong)?;
    let names = wrong::asked(template.undeclared_variables(false));
    match template.render(Value::from_object(View::empty(&names))) {
        Err(error) if wrong::is_the_templates(&error) => Err(wrong(error)),
        _ => Ok(names),
    }
}

fn partial_fault(shaping: &Shaping, name: &str, text: &str, error: &Error) -> Fault {
    let at = error.range().map_or(0, |range| range.start);
    Problem::new(Place::of_offset(text, at), wrong::words(error)).in_file(&partial_shown(&shaping.file, name))
}

/// A piece as messages name it: beside the job file.
fn partial_shown(job_file: &str, partial: &str) -> String {
    let folder = job_file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    format!("{folder}{PARTIALS}/{partial}")
}
