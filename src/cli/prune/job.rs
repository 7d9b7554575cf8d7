//! What one job no longer needs: its earlier pictures, and what killed runs left in staging. Never begins while a run of
//! it is on, and keeps others from beginning meanwhile.

use std::collections::HashMap;
use std::path::Path;

use super::super::open;
use super::Limits;
use super::told::{Kind, Removed, Report};
use crate::domain::Timestamp;
use crate::queue::{EarlierVersion, JobStatus, Upkeep};
use crate::store::{Attic, Clearing, KeptFile};

pub(super) fn prune(
    job: &JobStatus,
    db: &Path,
    upkeep: &mut dyn Upkeep,
    limits: &Limits,
    now: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let _hold = upkeep.hold(&job.job, &(open::holder() + ", which only tidies up"))?;
    let attic = open::attic(&job.output, &job.job)?;
    if attic.folder()?.is_none() {
        // A disk may be gone from there: nothing is said of what lies on it.
        return Ok(());
    }
    versions(job, upkeep, &*attic, limits, now, report)?;
    staging(job, db, &*attic, limits, report)
}

fn versions(
    job: &JobStatus,
    upkeep: &mut dyn Upkeep,
    attic: &dyn Attic,
    limits: &Limits,
    now: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let earlier = upkeep.earlier(&job.job)?;
    let due = due(&earlier, limits);
    if due.is_empty() {
        return Ok(());
    }
    let mut lies = HashMap::<String, Vec<String>>::new();
    let mut obstacles = Vec::new();
    attic.earlier(&mut |earlier| match earlier.obstacle {
        None => lies.entry(earlier.was).or_default().push(earlier.file),
        Some(why) => obstacles.push((earlier.was, earlier.file, why)),
    })?;
    let mut gone = Vec::new();
    for version in due {
        let files = attic.files(&version.artifact);
        obstacles.retain(|(was, file, why)| {
            let is_in_the_way = was.is_empty() || files.iter().any(|kept| kept.file == *was);
            if is_in_the_way {
                report.problem(&job.output.join(file), why);
            }
            !is_in_the_way
        });
        if clear(job, version, &files, &mut lies, attic, limits, report) {
            gone.push(version);
        }
    }
    if !limits.dry {
        upkeep.pruned(now, &job.job, &gone)?;
    }
    Ok(())
}

/// Of each item's earlier versions those that may go.
fn due<'a>(earlier: &'a [EarlierVersion], limits: &Limits) -> Vec<&'a EarlierVersion> {
    let of_item = earlier.chunk_by(|one, next| one.item == next.item);
    let may_go = of_item.flat_map(|versions| &versions[..versions.len().saturating_sub(limits.keep)]);
    let is_old = |version: &&EarlierVersion| version.replaced_at.map_or(limits.any_age, |at| at < limits.before);
    may_go.filter(is_old).collect()
}

/// Removes the files of a version, each where it lies now, if its picture is there as it was kept: the picture last, so that
/// whatever cuts this short leaves the rest to be found. Returns whether none is there any more.
fn clear(
    job: &JobStatus,
    version: &EarlierVersion,
    files: &[KeptFile],
    lies: &mut HashMap<String, Vec<String>>,
    attic: &dyn Attic,
    limits: &Limits,
    report: &mut Report,
) -> bool {
    let mut find = |kept: &KeptFile, only_look: bool, report: &mut Report| {
        let dry = only_look || limits.dry;
        let candidates = lies.get_mut(&kept.file)?;
        let place = candidates.iter().position(|file| {
            let clearing = attic.clear_earlier(&KeptFile { file: file.clone(), ..kept.clone() }, dry);
            if let Clearing::Failed(why) = &clearing {
                report.problem(&job.output.join(file), why);
            }
            clearing == Clearing::Done
        })?;
        Some(if only_look { candidates[place].clone() } else { candidates.remove(place) })
    };
    if files.first().and_then(|picture| find(picture, true, report)).is_none() {
        return false;
    }
    let (mut is_gone, before) = (false, report.problems.len());
    for kept in files.iter().rev() {
        let found = find(kept, false, report);
        is_gone = found.is_some();
        if let Some(file) = found {
            let (job_name, item) = (Some(job.job.clone()), Some(version.item.to_string()));
            let path = job.output.join(file);
            report.removed.push(Removed { kind: Kind::Version, job: job_name, item, path, bytes: kept.bytes });
        }
    }
    is_gone && report.problems.len() == before
}

fn staging(job: &JobStatus, db: &Path, attic: &dyn Attic, limits: &Limits, report: &mut Report) -> anyhow::Result<()> {
    let inventory = open::inventory(db)?;
    let received = inventory.staged(&job.job)?;
    let received: Vec<&str> = received.iter().map(|image| image.staged.as_str()).collect();
    attic.clear_staging(&inventory.mark()?, &received, limits.staged_before, limits.dry, &mut |left| {
        let path = job.output.join(&left.file);
        match left.clearing {
            Clearing::Failed(why) => report.problem(&path, &why),
            Clearing::Other => {}
            Clearing::Done => {
                let job = Some(job.job.clone());
                report.removed.push(Removed { kind: Kind::Staged, job, item: None, path, bytes: left.bytes });
            }
        }
    })?;
    Ok(())
}
