//! Whether a row is meant: an expression over its cells as they are written. Never sees what a template makes of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use minijinja::{Environment, Error, Template, Value};

use super::depth::{deep, too_long};
use super::engine::engine;
use super::named::unknown_in_expression;
use super::row_view::{RowView, Unknown, View, text};
use super::wrong;

/// Around the expression, so that it is understood once and not for each row.
const BEFORE: &str = "{% if (";
const AFTER: &str = ") %}1{% endif %}";
const NAME: &str = "where";

/// An expression such as `Title != '' and row['Variant Price'] | float > 20`.
#[derive(Debug)]
pub struct Condition {
    engine: Environment<'static>,
    names: Arc<BTreeSet<String>>,
    unknown: Arc<Unknown>,
}

/// Why a condition cannot be understood, or not for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// The byte of the expression where it goes wrong.
    pub at: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Condition {
    /// Understands an expression.
    pub fn parse(expression: &str) -> Result<Self, ConditionError> {
        match too_long(expression) {
            Some(message) => Err(ConditionError { at: 0, message }),
            None => deep(|| Self::understood(expression)),
        }
    }

    fn understood(expression: &str) -> Result<Self, ConditionError> {
        let mut engine = engine(&[]);
        let parsed = engine.compile_expression_owned(expression.to_owned());
        let names = match parsed {
            Ok(parsed) => wrong::asked(&parsed.undeclared_variables(false)),
            Err(error) => return Err(told(&error, 0, expression)),
        };
        let test = format!("{BEFORE}{expression}{AFTER}");
        engine.add_template_owned(NAME, test).map_err(|error| told(&error, BEFORE.len(), expression))?;
        let condition = Self { engine, names: Arc::new(names), unknown: Arc::default() };
        condition.try_on_nothing(expression)?;
        Ok(condition)
    }

    /// That its filters and functions are there, which shows only when it is told of a row.
    fn try_on_nothing(&self, expression: &str) -> Result<(), ConditionError> {
        if let Some((at, message)) = unknown_in_expression(&self.engine, expression).into_iter().next() {
            return Err(ConditionError { at, message });
        }
        match self.test().render(Value::from_object(View::empty(&self.names))) {
            Err(error) if wrong::is_the_templates(&error) => Err(told(&error, BEFORE.len(), expression)),
            _ => Ok(()),
        }
    }

    /// The names that stand in it, which must be columns.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Whether rows were asked for names that no column had.
    pub fn has_noted(&self) -> bool {
        self.unknown.is_noted()
    }

    /// The names that rows were asked for since this was called, and that no column has.
    pub fn take_unknown(&self) -> BTreeSet<String> {
        self.unknown.take()
    }

    /// Whether a row with these cells is meant.
    pub fn takes(
        &self,
        columns: &Arc<HashMap<String, usize>>,
        cells: &[serde_json::Value],
    ) -> Result<bool, ConditionError> {
        let row = RowView {
            columns: Arc::clone(columns),
            cells: cells.iter().map(text).collect(),
            unknown: Arc::clone(&self.unknown),
        };
        let view = View { row: Arc::new(row), values: Arc::default(), asked: Arc::clone(&self.names) };
        let taken = self.test().render(Value::from_object(view));
        taken.map(|taken| !taken.is_empty()).map_err(|error| told(&error, BEFORE.len(), ""))
    }

    fn test(&self) -> Template<'_, '_> {
        self.engine.get_template(NAME).expect("it was put there when this was made")
    }
}

fn told(error: &Error, before: usize, expression: &str) -> ConditionError {
    let at = error.range().map_or(0, |range| range.start.saturating_sub(before)).min(expression.len().max(1) - 1);
    ConditionError { at, message: wrong::words(error, &[]) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes(expression: &str) -> Result<bool, ConditionError> {
        let columns = ["Title", "Variant Price", "n"].iter().enumerate().map(|(at, name)| ((*name).to_owned(), at));
        let cells = [json!("Mug"), json!("24.5"), json!(7)];
        Condition::parse(expression)?.takes(&Arc::new(columns.collect()), &cells)
    }

    #[test]
    fn it_compares_the_cells_as_texts_and_as_numbers() {
        for (expression, taken) in [
            ("Title != ''", true),
            ("Title == 'mug'", false),
            ("Title | lower == 'mug'", true),
            ("row['Variant Price'] | float > 20", true),
            ("n == '7'", true),
            ("'u' in Title and not (n | int > 7)", true),
            ("Title", true),
            ("Color == ''", true),
        ] {
            assert_eq!(takes(expression), Ok(taken), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_told_where_it_stands() {
        for (expression, at) in [
            ("Title = ''", 6),
            ("Title ==", 6),
            ("(Title", 1),
            ("Title | lowercase == 'x'", 8),
            ("Title != '' and n | flaot > 2", 20),
        ] {
            let error = takes(expression).unwrap_err();
            assert_eq!(error.at, at, "{expression}: {error:?}");
        }
    }

    #[test]
    fn a_name_that_no_column_has_is_noted() {
        let condition = Condition::parse("Titel != '' and row['Body'] == ''").unwrap();
        assert_eq!(condition.names().iter().collect::<Vec<_>>(), ["Titel"]);
        condition.takes(&Arc::default(), &[]).unwrap();
        assert_eq!(condition.take_unknown().into_iter().collect::<Vec<_>>(), ["Titel"]);
    }
}
