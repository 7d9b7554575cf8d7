//! `overnight review`: the page for people, until a signal comes. Never listens beyond this machine.

mod browser;
mod still;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::args::ReviewArgs;
use super::exit::Code;
use super::{current_dir, open, runtime, signals};
use crate::disk::ListFolder;
use crate::job::{Job, Located, Options, hidden_folder, is_rehearsal, names_a_file};
use crate::queue::JobStatus;
use crate::references::ReferenceCache;
use crate::report::words::one_line;
use crate::review::{Offices, Places, Review, Settings};
use crate::run::Stop;

pub(super) fn run(args: &ReviewArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let located = args.workspace.at(&current_dir).locate(&args.job)?;
    if let Some(directory) = &args.directory {
        return still::run(args, &located, directory, &current_dir);
    }
    let settings = settings(args, &located, &current_dir)?;
    let job = one_line(&located.name);
    runtime()?.block_on(async {
        let mut stop = signals::listen(|| {})?;
        let review = Review::open(settings).await?;
        let url = review.url();
        let _ = writeln!(
            std::io::stderr(),
            "review of {job}: open this address in a browser; it works once, and Ctrl-C ends the review"
        );
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{url}")?;
        stdout.flush()?;
        let folder = located.db.parent().unwrap_or(&current_dir);
        let _signpost = args.open.then(|| browser::open(&url, folder)).transpose()?;
        let signal = async {
            // An error would mean that nobody listens for signals any more, which is an end as well.
            let _ = stop.wait_for(|stop| *stop != Stop::No).await;
        };
        review.serve_until(signal).await;
        Ok(Code::Complete)
    })
}

fn settings(args: &ReviewArgs, located: &Located, current_dir: &Path) -> anyhow::Result<Settings> {
    let (name, db) = (&located.name, &located.db);
    let ledger = open::ledger(db)?;
    let status = ledger.status(open::clock().now(), std::slice::from_ref(name))?.remove(0);
    let hidden = hidden_folder(db);
    let cache = ReferenceCache::below(&hidden);
    Ok(Settings {
        job: name.clone(),
        person: args.person.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(logged_in),
        rehearsal: is_rehearsal(db),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        offices: Offices {
            gallery: open::gallery(db)?,
            jury: open::jury(db)?,
            inspection: open::inspection(db)?,
            ledger,
        },
        places: Places {
            output: ListFolder::new(status.output.clone(), false),
            shelf: open::shelf(&status.output, name)?,
            references: references(args, &status, current_dir)?,
            fetched: Box::new(move |address| cache.open(address)),
            hidden,
        },
        clock: open::clock(),
    })
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

/// The name of whoever is logged in, as the environment has it.
fn logged_in() -> String {
    let named = ["USER", "LOGNAME"].iter().filter_map(|name| std::env::var(name).ok());
    named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}
