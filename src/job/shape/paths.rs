//! What a row says, as templates of file names have it: each sign stands for itself, be it one of a pattern's. Never
//! touches what the template itself says.

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, Output, State, Value};

use super::engine::{Partial, engine};
use crate::disk::escaped;

/// What stands between several paths in one text.
const BETWEEN: &str = ";";

/// An engine for templates of file names. What is marked as `safe` may be a pattern.
pub fn path_engine(partials: &[Partial]) -> Environment<'static> {
    let mut engine = engine(partials);
    // What a block or a macro gave was escaped inside of it.
    engine.set_auto_escape_callback(|_| AutoEscape::Custom("paths".into()));
    engine.set_formatter(write);
    engine
}

fn write(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match value.kind() {
        _ if value.is_safe() => value.to_string(),
        ValueKind::Seq => joined(value.try_iter()?.map(|path| path.to_string())),
        _ => {
            let text = value.to_string();
            match serde_json::from_str::<Vec<String>>(&text) {
                Ok(list) => joined(list.into_iter()),
                Err(_) => escaped(&text),
            }
        }
    };
    Ok(out.write_str(&text)?)
}

fn joined(paths: impl Iterator<Item = String>) -> String {
    paths.map(|path| escaped(&path)).collect::<Vec<_>>().join(BETWEEN)
}
