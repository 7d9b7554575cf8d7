//! Files on this machine that a list names: found within the folder that their path says, and looked at if they are files.
//! Never opens a pipe or a device, never follows a link to another place unless that is allowed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::iter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

use crate::domain::ImageFormat;

/// Where even a path that is written in full goes by links of the system's own: `/proc/self/cwd` is wherever one stands.
const MAZES: [&str; 2] = ["/proc", "/dev"];

/// The system follows no more links one after the other.
const MOST_LINKS: usize = 40;

/// The folder that a list's paths start from, and whether links may lead elsewhere.
#[derive(Debug, Clone)]
pub struct ListFolder {
    /// As a person names it.
    folder: PathBuf,
    /// With its links resolved.
    resolved: PathBuf,
    follow_links: bool,
}

/// Why a file that a list names is not opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A link leads to another place than the path says.
    #[error("it leads through a link to {}, which is outside {}", target.display(), bounds.display())]
    LedAway {
        /// Where the link leads.
        target: PathBuf,
        /// Where the path says that the file is.
        bounds: PathBuf,
    },
    /// It is a link, and nothing is where that leads.
    #[error("it is a link to {}, which is not there", target.display())]
    LedNowhere {
        /// Where the link leads.
        target: PathBuf,
    },
    /// A folder, a pipe, a socket or a device.
    #[error("it is no file")]
    NotAFile,
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ListFolder {
    /// The folder of a list; `follow_links` lets its links lead anywhere.
    pub fn new(folder: PathBuf, follow_links: bool) -> Self {
        let resolved = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        Self { folder, resolved, follow_links }
    }

    /// The folder as a person names it.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where a path of the list leads, which may be opened: within this folder if it is written so, else within the very
    /// folder that it names.
    pub fn find(&self, written: &str) -> Result<PathBuf, FileError> {
        self.within(written, written)
    }

    /// Where a folder leads whose files the list may name; the list's own is written as nothing, others with a `/` at
    /// their end.
    pub(super) fn find_folder(&self, written: &str) -> Result<PathBuf, FileError> {
        self.within(written, &format!("{written}any file"))
    }

    /// Where a path leads, as long as that lies in the bounds of this file.
    fn within(&self, written: &str, file: &str) -> Result<PathBuf, FileError> {
        let path = self.folder.join(written);
        if self.follow_links {
            return Ok(path);
        }
        let target = path.canonicalize().map_err(|error| absent(&path, error))?;
        let bounds = self.bounds(file)?;
        if target.starts_with(&bounds) { Ok(target) } else { Err(FileError::LedAway { target, bounds }) }
    }

    /// Opens a file of the list, and nothing else: to open a pipe would wait for whoever writes into it.
    pub fn open(&self, written: &str) -> Result<File, FileError> {
        let path = self.find(written)?;
        if !fs::metadata(&path).map_err(|error| absent(&path, error))?.is_file() {
            return Err(FileError::NotAFile);
        }
        // Should it have become a link or a pipe since it was looked at.
        let links = if self.follow_links { OFlags::empty() } else { OFlags::NOFOLLOW };
        let flags = i32::try_from((OFlags::NONBLOCK | links).bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&path)?;
        match file.metadata()?.is_file() && self.find(written)? == path {
            true => Ok(file),
            false => Err(FileError::NotAFile),
        }
    }

    /// A file of the list as it is now, and what its first bytes say.
    pub fn look(&self, written: &str) -> Result<(Metadata, Option<ImageFormat>), FileError> {
        let open = self.open(written)?;
        let about = open.metadata()?;
        let mut first = Vec::with_capacity(ImageFormat::SNIFF_BYTES);
        open.take(ImageFormat::SNIFF_BYTES as u64).read_to_end(&mut first)?;
        Ok((about, ImageFormat::sniff(&first)))
    }

    /// The folder that a written path may not leave, with its links resolved.
    fn bounds(&self, written: &str) -> Result<PathBuf, FileError> {
        let plain = without_dots(&self.resolved.join(written));
        if plain.starts_with(&self.resolved) || plain.starts_with(&self.folder) {
            return Ok(self.resolved.clone());
        }
        let own = plain.parent().unwrap_or(&plain);
        let is_maze = MAZES.iter().any(|maze| plain.starts_with(maze));
        if is_maze || !Path::new(written).is_absolute() {
            self.refuse_links(own)?;
        }
        Ok(own.canonicalize()?)
    }

    /// That a folder is reached from where it leaves this one's without a link, which who put both there could have
    /// laid. A folder that is written in full may have links on its way: of those the system has its own.
    fn refuse_links(&self, folder: &Path) -> Result<(), FileError> {
        let below = folder.ancestors().take_while(|ancestor| !self.resolved.starts_with(ancestor));
        match below.filter(|ancestor| ancestor.is_symlink()).last() {
            None => Ok(()),
            Some(link) => Err(FileError::LedAway { target: link.canonicalize()?, bounds: parent(link) }),
        }
    }
}

/// Why a path cannot be resolved: a link that leads nowhere is there itself, which who looks for it can see.
fn absent(path: &Path, error: io::Error) -> FileError {
    let next = |link: &PathBuf| Some(parent(link).join(fs::read_link(link).ok()?));
    let end = iter::successors(Some(path.to_path_buf()), next).take(MOST_LINKS).last();
    match end.filter(|end| error.kind() == io::ErrorKind::NotFound && end != path) {
        Some(target) => FileError::LedNowhere { target },
        None => error.into(),
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

/// A path as it reads, without `.` and `..`, whatever is a link on the way.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => (),
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

    /// `list/`, which holds `in.jpg` and `photos/in.jpg`, beside `other/out.jpg` and `other/deep/out.jpg`.
    fn laid_out() -> (TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().canonicalize().unwrap();
        for file in ["list/in.jpg", "list/photos/in.jpg", "other/out.jpg", "other/deep/out.jpg"] {
            fs::create_dir_all(path.join(file).parent().unwrap()).unwrap();
            fs::write(path.join(file), file).unwrap();
        }
        (root, path)
    }

    fn list(root: &Path) -> ListFolder {
        ListFolder::new(root.join("list"), false)
    }

    #[track_caller]
    fn assert_refused(list: &ListFolder, written: &str) {
        assert!(matches!(list.open(written), Err(FileError::LedAway { .. })), "{written}: {:?}", list.open(written));
        let following = ListFolder::new(list.folder.clone(), true);
        assert!(following.open(written).is_ok(), "{written} is there: {:?}", following.open(written));
    }

    #[test]
    fn what_lies_where_its_path_says_is_opened() {
        let (_root, root) = laid_out();
        let in_full = |path: &str| root.join(path).display().to_string();
        let written = ["in.jpg", "./photos/../photos/in.jpg", "../other/out.jpg", "../list/in.jpg"];
        let written =
            written.map(str::to_owned).into_iter().chain([in_full("other/deep/out.jpg"), in_full("list/in.jpg")]);
        for written in written {
            list(&root).open(&written).expect(&written);
        }
    }

    #[test]
    fn a_link_may_lead_about_within_the_lists_folder() {
        let (_root, root) = laid_out();
        symlink("photos/in.jpg", root.join("list/link.jpg")).unwrap();
        symlink(root.join("list/photos"), root.join("list/album")).unwrap();
        symlink(root.join("list"), root.join("linked-list")).unwrap();
        for folder in ["list", "linked-list"] {
            let list = ListFolder::new(root.join(folder), false);
            for written in ["link.jpg", "album/in.jpg"] {
                list.open(written).expect(written);
            }
            list.open(&root.join(folder).join("link.jpg").display().to_string()).expect("written in full");
        }
    }

    #[test]
    fn a_link_out_of_the_lists_folder_is_refused_however_its_path_is_written() {
        let (_root, root) = laid_out();
        symlink(root.join("other/out.jpg"), root.join("list/link.jpg")).unwrap();
        symlink("../other", root.join("list/album")).unwrap();
        symlink("album", root.join("list/twice")).unwrap();
        let in_full = root.join("list/link.jpg").display().to_string();
        for written in
            ["link.jpg", "album/out.jpg", "twice/out.jpg", "album/deep/../out.jpg", "../list/link.jpg", &in_full]
        {
            assert_refused(&list(&root), written);
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_told_from_a_file_that_is_not_there() {
        let (_root, root) = laid_out();
        symlink("link.jpg", root.join("list/twice.jpg")).unwrap();
        symlink("../other/gone.jpg", root.join("list/link.jpg")).unwrap();
        for follow_links in [false, true] {
            let list = ListFolder::new(root.join("list"), follow_links);
            for written in ["link.jpg", "twice.jpg"] {
                let told = list.open(written).unwrap_err().to_string();
                let target = root.join("list/../other/gone.jpg");
                assert_eq!(told, format!("it is a link to {}, which is not there", target.display()));
            }
            assert!(matches!(list.open("gone.jpg"), Err(FileError::Io(_))));
        }
    }

    #[test]
    fn a_path_that_leaves_the_folder_plainly_leads_nowhere_else() {
        let (_root, root) = laid_out();
        fs::create_dir(root.join("shared")).unwrap();
        symlink(root.join("other/out.jpg"), root.join("shared/link.jpg")).unwrap();
        symlink(root.join("other"), root.join("shared/album")).unwrap();
        symlink("deep/out.jpg", root.join("other/deeper.jpg")).unwrap();
        let in_full = root.join("shared/link.jpg").display().to_string();
        for written in
            ["../shared/link.jpg", "../shared/album/out.jpg", "photos/../../shared/album/deep/out.jpg", &in_full]
        {
            assert_refused(&list(&root), written);
        }
        list(&root).open("../other/deeper.jpg").expect("a link within the very folder");
        let through = root.join("shared/album/out.jpg").display().to_string();
        list(&root).open(&through).expect("in full, the links of its folders are said plainly");
    }

    #[test]
    fn the_systems_own_links_are_no_way_round() {
        let (_root, root) = laid_out();
        let in_maze = format!("/proc/self/root{}", root.join("other/out.jpg").display());
        if Path::new(&in_maze).exists() {
            assert_refused(&list(&root), &in_maze);
        }
        let open = File::open(root.join("other/out.jpg")).unwrap();
        let descriptor = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        if Path::new(&descriptor).exists() {
            assert_refused(&list(&root), &descriptor);
        }
    }

    #[test]
    fn what_is_no_file_is_refused_without_being_opened() {
        let (_root, root) = laid_out();
        let _listening = UnixListener::bind(root.join("list/socket.jpg")).unwrap();
        let pipe = root.join("list/pipe.jpg");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for follow_links in [false, true] {
            let list = ListFolder::new(root.join("list"), follow_links);
            for written in ["photos", "socket.jpg", "pipe.jpg", "/dev/zero", "/dev/null"] {
                assert!(matches!(list.open(written), Err(FileError::NotAFile)), "{written}");
            }
        }
    }
}
