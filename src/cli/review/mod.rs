//! `overnight review`: what persons said of a job's pictures. Never listens beyond this machine.

mod still;

use std::path::{Path, PathBuf};

use super::args::ReviewArgs;
use super::current_dir;
use super::exit::{Code, UsageError};
use crate::disk::ListFolder;
use crate::job::{Job, Options, names_a_file};
use crate::queue::JobStatus;

pub(super) fn run(args: &ReviewArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let located = args.workspace.at(&current_dir).locate(&args.job)?;
    match &args.directory {
        Some(directory) => still::run(args, &located, directory, &current_dir),
        None => Err(UsageError("name a folder with --static".to_owned()).into()),
    }
}

/// The folder that references start from: the job's own word for it where its file was named, else the manifest's.
fn references(args: &ReviewArgs, status: &JobStatus, current_dir: &Path) -> anyhow::Result<ListFolder> {
    let is_file = names_a_file(&args.job) && Path::new(&args.job).extension().is_some_and(|ending| ending == "toml");
    if is_file {
        let options =
            Options { db: args.workspace.db.clone(), rehearse: args.workspace.rehearse, ..Options::default() };
        return Ok(Job::load(Path::new(&args.job), &options, current_dir)?.references_folder());
    }
    let manifest = &status.manifest;
    let folder = match manifest.as_path() {
        stdin if stdin.as_os_str() == "-" || stdin.ends_with("-") => current_dir.to_owned(),
        folder if folder.is_dir() => folder.to_owned(),
        file => file.parent().map_or_else(PathBuf::new, Path::to_owned),
    };
    Ok(ListFolder::new(folder, false))
}
