//! What one job no longer needs: its earlier pictures, and what killed runs left in staging. Never begins while a run of
//! it is on, and keeps others from beginning meanwhile.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::open;
use super::Limits;
use super::told::{Kind, Removed, Report};
use crate::domain::Timestamp;
use crate::queue::{EarlierVersion, JobStatus, QueueError, Upkeep};
use crate::store::{Attic, Clearing, KeptFile};

pub(super) fn prune(
    job: &JobStatus,
    db: &Path,
    upkeep: &mut dyn Upkeep,
    limits: &Limits,
    now: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let _hold = upkeep.hold(&job.job, &(open::holder() + open::TIDIES_UP))?;
    let attic = open::attic(&job.output, &job.job)?;
    if attic.folder()?.is_none() {
        // A disk may be gone from there: nothing is said of what lies on it.
        return Ok(());
    }
    versions(job, upkeep, &*attic, limits, now, report)?;
    staging(job, db, &*attic, limits, report)
}

/// What came of a version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cleared {
    /// Its picture is gone, and all that belonged to it.
    Gone,
    /// Its picture was not found.
    Missing,
    /// Something of it is still there.
    Stays,
}

/// Removes what is due. Each version goes and is noted while nobody can make it their favourite: whatever cuts this short,
/// no more than one is gone and not noted. The next time it is missed, and noted then.
fn versions(
    job: &JobStatus,
    upkeep: &mut dyn Upkeep,
    attic: &dyn Attic,
    limits: &Limits,
    now: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let earlier = upkeep.earlier(&job.job)?;
    let due = due(&earlier, limits, report);
    if due.is_empty() {
        return Ok(());
    }
    let mut remove = |version: &EarlierVersion, clear: &mut dyn FnMut() -> bool| match limits.dry {
        true => {
            clear();
            Ok(true)
        }
        false => upkeep.remove(now, &job.job, version, clear),
    };
    let mut lies = HashMap::<String, Vec<String>>::new();
    let mut obstacles = Vec::new();
    let is_there = attic.earlier(&mut |earlier| match earlier.obstacle {
        None => lies.entry(earlier.was).or_default().push(earlier.file),
        Some(why) => obstacles.push((earlier.was, earlier.file, why)),
    })?;
    let mut sweep = Sweep { job, attic, dry: limits.dry, lies, report };
    let (mut missing, mut met, mut away) = (Vec::new(), HashSet::new(), HashSet::new());
    for version in due {
        let files = attic.files(&version.artifact);
        let in_the_way = |was: &str| was.is_empty() || files.iter().any(|kept| kept.file == was);
        let mut is_blocked = false;
        for (_, file, why) in obstacles.iter().filter(|(was, _, _)| in_the_way(was)) {
            is_blocked = true;
            if met.insert(file) {
                sweep.report.problem(&job.output.join(file), why);
            }
        }
        let mut cleared = Cleared::Stays;
        let may_go = remove(version, &mut || {
            cleared = sweep.clear(version, &files);
            cleared == Cleared::Gone
        })?;
        // Much may have been said since they were looked for.
        sweep.report.favourites += u64::from(!may_go);
        if cleared != Cleared::Stays {
            away.insert(std::ptr::from_ref(version));
        }
        if cleared == Cleared::Missing && is_there && !is_blocked {
            missing.push((version, files));
        }
    }
    let left = earlier.iter().filter(|version| !away.contains(&std::ptr::from_ref(*version))).collect::<Vec<_>>();
    sweep.forget_all(missing, &left, &mut |version| remove(version, &mut || true).map(drop))
}

/// Of each item's earlier versions those that may go. A favourite may not, however old it is.
fn due<'a>(earlier: &'a [EarlierVersion], limits: &Limits, report: &mut Report) -> Vec<&'a EarlierVersion> {
    let of_item = earlier.chunk_by(|one, next| one.item == next.item);
    let may_go = of_item.flat_map(|versions| &versions[..versions.len().saturating_sub(limits.keep)]);
    let is_old = |version: &&EarlierVersion| version.replaced_at.map_or(limits.any_age, |at| at < limits.before);
    let (favourites, due): (Vec<_>, Vec<_>) = may_go.filter(is_old).partition(|version| version.is_favourite);
    report.favourites += favourites.len() as u64;
    due
}

/// The earlier files of a job, on their way out.
struct Sweep<'a> {
    job: &'a JobStatus,
    attic: &'a dyn Attic,
    dry: bool,
    /// What lies there, by what it was called before.
    lies: HashMap<String, Vec<String>>,
    report: &'a mut Report,
}

impl Sweep<'_> {
    /// Removes the files of a version, each where it lies now, if its picture is there as it was kept: the picture last,
    /// so that whatever cuts this short leaves the rest to be found.
    fn clear(&mut self, version: &EarlierVersion, files: &[KeptFile]) -> Cleared {
        let before = self.report.problems.len();
        if files.first().and_then(|picture| self.find(picture, true, &|_| true)).is_none() {
            return if self.report.problems.len() == before { Cleared::Missing } else { Cleared::Stays };
        }
        let is_gone = files.iter().rev().fold(false, |_, kept| self.remove(version, kept, &|_| true));
        if is_gone && self.report.problems.len() == before { Cleared::Gone } else { Cleared::Stays }
    }

    /// What was missed, and is nowhere, is noted; `left` are the versions that are still there.
    fn forget_all(
        &mut self,
        missing: Vec<(&EarlierVersion, Vec<KeptFile>)>,
        left: &[&EarlierVersion],
        note: &mut dyn FnMut(&EarlierVersion) -> Result<(), QueueError>,
    ) -> anyhow::Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let kept: Vec<KeptFile> = left.iter().flat_map(|version| self.attic.files(&version.artifact)).collect();
        let mut claims = HashMap::<&str, Vec<&KeptFile>>::new();
        kept.iter().for_each(|kept| claims.entry(&kept.file).or_default().push(kept));
        for (version, files) in missing {
            if self.forget(version, &files, &claims) {
                note(version)?;
            }
        }
        Ok(())
    }

    /// Whether the picture of a version that was missed is nowhere: whatever lies there under its name is another's, as
    /// `claims` has them by name. Then what else it had goes as well.
    fn forget(&mut self, version: &EarlierVersion, files: &[KeptFile], claims: &HashMap<&str, Vec<&KeptFile>>) -> bool {
        let attic = self.attic;
        let is_anothers = |name: &str, file: &str| {
            let holds =
                |kept: &&KeptFile| attic.clear_earlier(&KeptFile { file: file.to_owned(), ..(*kept).clone() }, true);
            claims.get(name).is_some_and(|claims| claims.iter().any(|kept| holds(kept) == Clearing::Done))
        };
        let Some((picture, others)) = files.split_first() else { return false };
        let mut lies = self.lies.get(&picture.file).into_iter().flatten();
        if !lies.all(|file| is_anothers(&picture.file, file)) {
            return false;
        }
        let before = self.report.problems.len();
        for kept in others.iter().rev() {
            self.remove(version, kept, &|file| !is_anothers(&kept.file, file));
        }
        self.report.problems.len() == before
    }

    /// Removes one file and tells it; whether it was there.
    fn remove(&mut self, version: &EarlierVersion, kept: &KeptFile, may_go: &dyn Fn(&str) -> bool) -> bool {
        let Some(file) = self.find(kept, false, may_go) else { return false };
        let (job, item) = (Some(self.job.job.clone()), Some(version.item.to_string()));
        let path = self.job.output.join(file);
        self.report.removed.push(Removed { kind: Kind::Version, job, item, path, bytes: kept.bytes });
        true
    }

    /// Where what was kept lies now, among what may go. It is there no more, unless this is only a look.
    fn find(&mut self, kept: &KeptFile, only_look: bool, may_go: &dyn Fn(&str) -> bool) -> Option<String> {
        let dry = only_look || self.dry;
        let candidates = self.lies.get_mut(&kept.file)?;
        let place = candidates.iter().position(|file| {
            if !may_go(file) {
                return false;
            }
            let clearing = self.attic.clear_earlier(&KeptFile { file: file.clone(), ..kept.clone() }, dry);
            if let Clearing::Failed(why) = &clearing {
                self.report.problem(&self.job.output.join(file), why);
            }
            clearing == Clearing::Done
        })?;
        Some(if only_look { candidates[place].clone() } else { candidates.remove(place) })
    }
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
