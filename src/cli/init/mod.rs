//! `overnight init`: a workspace to begin with, from nothing or from a list that is there. Never changes what it finds,
//! never sends anything.

mod draft;
mod guess;
mod place;
mod roles;
mod spelling;
mod survey;
mod told;
mod trial;

use std::io::Write as _;
use std::path::Path;

use super::args::InitArgs;
use super::current_dir;
use super::exit::{Code, UsageError};
use crate::job::{JobName, paths};
use place::{Place, relative};

/// A job, and a list for it.
const CATALOG: &str = include_str!("example/catalog.toml");
const PRODUCTS: &str = include_str!("example/products.csv");
const GITIGNORE: &str = include_str!("example/gitignore");

pub(super) fn run(args: &InitArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let place = Place::new(paths::resolve(&current_dir, &args.dir), &current_dir);
    let told = match &args.from {
        None => from_nothing(&place)?,
        Some(list) => from_list(&place, &paths::resolve(&current_dir, list), args.sheet.as_deref())?,
    };
    std::io::stdout().write_all(told.as_bytes())?;
    Ok(Code::Complete)
}

fn from_nothing(place: &Place) -> anyhow::Result<String> {
    let job = "jobs/catalog.toml";
    let made = place.make(&[(job, CATALOG), ("products.csv", PRODUCTS)], GITIGNORE)?;
    Ok(told::made(&made) + &told::next(&place.shown(job)))
}

fn from_list(place: &Place, list: &Path, sheet: Option<&str>) -> anyhow::Result<String> {
    let name = if list.is_dir() { JobName::of_folder(list) } else { JobName::of_file(list) };
    let job = format!("jobs/{}.toml", name.as_str());
    place.refuse_what_is_there(&[&job])?;
    let manifest = relative(&place.path("jobs"), list).ok_or_else(|| {
        UsageError(format!("{} is not UTF-8; rename it, for a job file has to name it", list.display()))
    })?;
    let about = trial::About {
        list: paths::shown(list, place.current_dir()),
        is_folder: list.is_dir(),
        manifest,
        sheet,
        file: place.path(&job),
        current_dir: place.current_dir(),
    };
    let guessed = guess::guess(&about)?;
    let made = place.make(&[(&job, &guessed.text)], GITIGNORE)?;
    Ok(told::guessed(&about.list, &guessed) + &told::made(&made) + &told::next(&place.shown(&job)))
}
