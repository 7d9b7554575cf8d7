//! What a job makes of a row before it is read: whether it is taken, what is filled in, what templates and the matrix
//! say in its place. Never understands what they say.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::cells::{Given, in_a_cell};
use super::columns::Columns;
use super::raw_row::{Cell, READ, RawRow};
use crate::disk::unescaped;
use crate::job::fault::{Fault, Place, Problem};
use crate::job::shape::{Combination, Condition, Misnamed, Renderer, Rendering, RowCells, Shaping};

/// The columns that name an item; their templates may tell its variants apart, and so are rendered for each.
pub const NAMES: [&str; 2] = ["id", "name"];

/// Shapes the rows of a manifest, from the first to the last.
pub struct Shaper {
    shaping: Arc<Shaping>,
    condition: Option<Condition>,
    renderer: Renderer,
    /// The columns that have a template, and where each stands.
    templates: Vec<(&'static str, String)>,
    /// What stood last in each column that is filled down.
    above: Vec<Option<Value>>,
    /// The names that were told to be no column's.
    told: RefCell<HashSet<String>>,
}

impl Shaper {
    /// Shapes rows as a job says that was found right.
    pub fn new(shaping: &Shaping) -> Self {
        let condition = shaping.condition.as_ref();
        let location = |place: Place| Problem::new(place, "").in_file(&shaping.file).location();
        let templates = shaping.templates.iter().filter_map(|template| {
            let first = template.texts.first()?;
            Some((template.column, location(first.start())))
        });
        Self {
            condition: condition.map(|written| Condition::parse(written.text()).expect("the job file was found right")),
            renderer: Renderer::new(shaping).expect("the job file was found right"),
            templates: templates.collect(),
            above: vec![None; shaping.fill_down.len()],
            told: RefCell::default(),
            shaping: Arc::new(shaping.clone()),
        }
    }

    /// What the job says.
    pub fn shaping(&self) -> Arc<Shaping> {
        Arc::clone(&self.shaping)
    }

    /// Whether the row is taken, by its cells as they are written.
    pub fn takes(&self, columns: &Columns, row: &RawRow) -> Result<bool, Problem> {
        let Some(condition) = &self.condition else { return Ok(true) };
        let cells: Vec<Value> = row.cells.iter().map(|cell| cell.value.clone()).collect();
        condition.takes(columns.numbers(), &cells).map_err(|error| {
            let message = format!("the job's `where` cannot be told of this row: {}", error.message);
            Problem::new(Place::line(row.line), message)
        })
    }

    /// Fills empty cells with what stands above; returns what stood there, by column.
    pub fn fill_down(&mut self, columns: &Columns, row: &mut RawRow) -> Vec<(usize, Value)> {
        let mut before = Vec::new();
        for ((name, _), above) in self.shaping.fill_down.iter().zip(&mut self.above) {
            let Some(column) = columns.get(name) else { continue };
            while row.cells.len() <= column {
                row.cells.push(Cell { value: Value::Null, place: Place::new(row.line, 1) });
            }
            let cell = &mut row.cells[column];
            if !cell.is_blank() {
                *above = Some(cell.value.clone());
            } else if let Some(above) = above {
                before.push((column, std::mem::replace(&mut cell.value, above.clone())));
            }
        }
        before
    }

    /// A row as templates see it.
    pub fn view(&self, columns: &Columns, row: &RawRow) -> RowCells {
        match self.shaping.templates.is_empty() {
            true => RowCells::default(),
            false => self.renderer.view(columns.numbers(), row.cells.iter().map(|cell| &cell.value)),
        }
    }

    /// What the job says in place of the row, but for how its items are called.
    pub fn given(&self, seen: &RowCells, row: &RawRow, combination: &Combination<'_>) -> Result<Given, Vec<Problem>> {
        let rendered = self.renderer.render(seen, combination, 1, |column| !NAMES.contains(&column));
        let rendered = rendered.map_err(|broken| {
            let told = broken.into_iter().map(|broken| Problem::new(Place::line(row.line), broken.message));
            told.collect::<Vec<_>>()
        })?;
        let cell = |value| Cell { value, place: Place::line(row.line) };
        let mut given = Given::default();
        given.templates.clone_from(&self.templates);
        given.cells.extend(rendered.into_iter().map(|rendering| (rendering.column, cell(stated(rendering)))));
        // A template of the column knows the value, and says what becomes of it.
        for (axis, value) in combination {
            let column = READ.into_iter().find(|column| *column == axis.name);
            if let Some(column) = column.filter(|column| self.shaping.template(column).is_none()) {
                given.cells.push((column, cell(Value::String(value.text.clone()))));
            }
        }
        Ok(given)
    }

    /// What the templates of `id` and `name` give for one variant of a row.
    pub fn names(
        &self,
        seen: &RowCells,
        combination: &Combination<'_>,
        variant: u32,
    ) -> Result<Vec<Rendering>, Vec<String>> {
        let rendered = self.renderer.render(seen, combination, variant, |column| NAMES.contains(&column));
        rendered.map_err(|broken| broken.into_iter().map(|broken| broken.message).collect())
    }

    /// Whether the template of a column names this value.
    pub fn uses(&self, column: &str, name: &str) -> bool {
        self.renderer.uses(column, name)
    }

    /// Whether a column is named in a template or mapped by the job.
    pub fn knows(&self, column: &str) -> bool {
        let listed = self.shaping.ignore.iter().chain(&self.shaping.fill_down);
        self.renderer.names().chain(listed.map(|(name, _)| name.as_str())).any(|name| name == column)
    }

    /// The names in the job file that none of these columns has, but for those told before.
    pub fn misnamed(&self, columns: &Columns, manifest: &str) -> Vec<Fault> {
        let is_column = |name: &str| columns.get(name).is_some();
        let mut misnamed = self.renderer.misnamed(is_column);
        for (key, listed) in [("fill_down", &self.shaping.fill_down), ("ignore", &self.shaping.ignore)] {
            let missing = listed.iter().filter(|(name, _)| !is_column(name));
            misnamed.extend(missing.map(|(name, place)| self.misnamed_at(format!("`{key}`"), name, *place)));
        }
        misnamed.extend(self.misnamed_in_condition(is_column));
        misnamed.sort_by(|one, other| (&one.file, one.place).cmp(&(&other.file, other.place)));
        let mut told = self.told.borrow_mut();
        let new = misnamed.into_iter().filter(|one| told.insert(format!("{}:{:?}:{}", one.file, one.place, one.name)));
        let fault = |one: Misnamed| {
            Problem::new(one.place, format!("{}: {}", one.within, columns.lack(&one.name, manifest))).in_file(&one.file)
        };
        new.map(fault).collect()
    }

    /// Whether rows were asked for names that may be no column's.
    pub fn is_suspicious(&self) -> bool {
        self.renderer.has_noted() || self.condition.as_ref().is_some_and(Condition::has_noted)
    }

    fn misnamed_in_condition(&self, is_column: impl Fn(&str) -> bool) -> Vec<Misnamed> {
        let (Some(condition), Some(written)) = (&self.condition, &self.shaping.condition) else { return Vec::new() };
        let mut names = condition.take_unknown();
        names.extend(condition.names().iter().cloned());
        let missing = names.iter().filter(|name| !is_column(name));
        missing.map(|name| self.misnamed_at("`where`".to_owned(), name, written.place_of_word(name))).collect()
    }

    fn misnamed_at(&self, within: String, name: &str, place: Place) -> Misnamed {
        Misnamed { within, name: name.to_owned(), file: self.shaping.file.clone(), place }
    }
}

/// What a template gave, as a cell holds it. References that it left empty are none.
fn stated(rendering: Rendering) -> Value {
    if rendering.column != "images" {
        return Value::String(rendering.texts.into_iter().next().unwrap_or_default());
    }
    let paths = rendering.texts.iter().flat_map(|text| in_a_cell(text.trim()).unwrap_or_else(|| vec![text.clone()]));
    // No address is a pattern, whatever was put into it.
    let path = |path: String| if path.contains("://") { unescaped(&path) } else { path };
    Value::Array(paths.map(|written| Value::String(path(written))).collect())
}
