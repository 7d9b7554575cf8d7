//! The pieces that templates include: understood beforehand, and where in them something is wrong. Never reads a file.

use std::collections::{BTreeSet, HashMap, HashSet};

use minijinja::Error;

use super::engine::{Engines, PARTIALS};
use super::named::unknown_in_template;
use super::renderer::{start, tried};
use super::{Shaping, wrong};
use crate::job::fault::{Fault, Place, Problem};

/// The names that stand in each piece.
#[derive(Default)]
pub struct Pieces<'a>(HashMap<&'a str, (&'a str, HashSet<String>)>);

/// The pieces of a job, and all that is wrong with them.
pub fn understood_pieces<'a>(engines: &Engines, shaping: &'a Shaping) -> (Pieces<'a>, Vec<Fault>) {
    let (mut pieces, mut faults) = (Pieces::default(), Vec::new());
    for (name, text) in &shaping.partials {
        match understood(engines, name, text, shaping) {
            Ok(names) => drop(pieces.0.insert(name, (text, names))),
            Err(problems) => {
                faults.extend(problems.into_iter().map(|problem| problem.in_file(&piece_shown(&shaping.file, name))));
            }
        }
    }
    (pieces, faults)
}

fn understood(engines: &Engines, name: &str, text: &str, shaping: &Shaping) -> Result<HashSet<String>, Vec<Problem>> {
    let engine = engines.of("");
    let at = |at: usize, message: String| Problem::new(Place::of_offset(text, at), message);
    let wrong = |error: Error| vec![at(start(&error), wrong::words(&error, &shaping.pieces()))];
    engine.get_template(name).map_err(wrong)?;
    let unknown: Vec<_> =
        unknown_in_template(engine, text).into_iter().map(|(byte, message)| at(byte, message)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    tried(engine, name).map_err(wrong)
}

impl Pieces<'_> {
    /// The names that rows may be asked for.
    pub fn asked(&self) -> impl Iterator<Item = String> {
        self.0.values().flat_map(|(_, names)| wrong::asked(names))
    }

    /// Every name in the pieces that a text includes, and in those that these include.
    pub fn used_by(&self, text: &str) -> BTreeSet<String> {
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let mut texts = vec![text];
        while let Some(text) = texts.pop() {
            for (name, (own, _)) in &self.0 {
                if text.contains(name) && named.insert(name) {
                    texts.push(own);
                }
            }
        }
        named.iter().flat_map(|name| self.0[name].1.clone()).collect()
    }
}

/// The piece that an error comes from, and where in it.
pub fn piece_of<'a>(error: &Error, shaping: &'a Shaping) -> Option<(&'a str, Place)> {
    let mut inner = wrong::in_piece(error)?;
    while let Some(cause) = wrong::in_piece(inner) {
        inner = cause;
    }
    let (name, text) = shaping.partials.iter().find(|(name, _)| Some(name.as_str()) == inner.name())?;
    Some((name, Place::of_offset(text, start(inner))))
}

/// A piece as messages name it: beside the job file.
pub fn piece_shown(job_file: &str, piece: &str) -> String {
    let folder = job_file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    format!("{folder}{PARTIALS}/{piece}")
}
