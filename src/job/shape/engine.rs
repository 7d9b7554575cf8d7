//! The template engine as jobs have it: strict, bounded, plain text. Never reads a file while it renders.

use std::path::Path;
use std::{fs, io};

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter};

use super::depth::LONGEST;
use super::filters;
use super::paths::path_engine;

/// The work that one rendering may take, in instructions of the engine: thousands of loops, and no endless one.
const FUEL: u64 = 200_000;

/// The folder beside a job file that holds the pieces which templates include.
pub const PARTIALS: &str = "partials";

/// The most pieces, and the most bytes of one.
const MOST_PARTIALS: usize = 1000;
const LONGEST_PARTIAL: u64 = LONGEST as u64;

/// A piece that templates include: its name below the folder, and its text.
pub type Partial = (String, String);

/// An engine that knows these pieces, but for those that cannot be read as templates: they are told where they are
/// included.
pub fn engine(partials: &[Partial]) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // Prompts are no web pages.
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    engine.set_debug(true);
    // It would tell of the engine, which no prompt is about.
    engine.remove_global("debug");
    engine.set_formatter(write);
    filters::add(&mut engine);
    let partials = partials.to_vec();
    engine.set_loader(move |name| {
        let found = partials.iter().find(|(known, _)| known == name);
        Ok(found.map(|(_, text)| text.clone()))
    });
    engine
}

/// The engines of a job: one for texts, and one for the names of files.
pub struct Engines {
    texts: Environment<'static>,
    paths: Environment<'static>,
}

impl Engines {
    /// Those that know these pieces.
    pub fn new(partials: &[Partial]) -> Self {
        Self { texts: engine(partials), paths: path_engine(partials) }
    }

    /// The one for the templates of a column.
    pub fn of(&self, column: &str) -> &Environment<'static> {
        if column == "images" { &self.paths } else { &self.texts }
    }

    /// The same, to put templates into.
    pub fn of_mut(&mut self, column: &str) -> &mut Environment<'static> {
        if column == "images" { &mut self.paths } else { &mut self.texts }
    }
}

/// A list reads as people write one.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.kind() != ValueKind::Seq {
        return escape_formatter(out, state, value);
    }
    let entries: Vec<String> = value.try_iter()?.map(|entry| entry.to_string()).collect();
    Ok(out.write_str(&entries.join(", "))?)
}

/// The pieces in the folder beside a job file, sorted by name; none if there is no such folder.
pub fn partials_beside(folder: &Path) -> io::Result<Vec<Partial>> {
    let mut partials = Vec::new();
    match gather(&folder.join(PARTIALS), "", &mut partials) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => partials.sort(),
    }
    Ok(partials)
}

fn gather(folder: &Path, prefix: &str, partials: &mut Vec<Partial>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') || partials.len() >= MOST_PARTIALS {
            continue;
        }
        let about = entry.metadata()?;
        if about.is_dir() {
            gather(&entry.path(), &format!("{prefix}{name}/"), partials)?;
        } else if about.is_file() && about.len() <= LONGEST_PARTIAL {
            let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
            // An editor ends the last line; nobody means a line break by that.
            partials.push((format!("{prefix}{name}"), text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    Ok(())
}
