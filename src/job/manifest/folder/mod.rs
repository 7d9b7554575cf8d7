//! A folder of images as a list: each of them is a row. Never looks at what is hidden, and never at what this program
//! made.

mod listing;

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};
use std::path::Path;

pub use listing::Listing;
use serde_json::Value;

use super::columns::Columns;
use super::raw_row::{Cell, RawRow};
use super::trace::Trace;
use crate::disk::ListFolder;
use crate::job::fault::{Place, Problem};
use crate::job::{Job, paths};

/// The columns of every row, in their order.
const COLUMNS: [&str; 6] = ["id", "name", "file", "stem", "folder", "images"];

/// The endings of what people call pictures, whether or not it can be sent.
const PICTURES: [&str; 12] = ["heic", "heif", "avif", "gif", "bmp", "tif", "tiff", "jpg", "jpeg", "png", "webp", "psd"];

/// Reads the images of a folder.
pub struct FolderRows {
    /// Their paths from the folder, in order.
    images: Vec<String>,
    /// Those whose names are not told apart by what stands before their endings.
    alike: HashSet<usize>,
    /// How many were read.
    line: usize,
    problems: Vec<Problem>,
    notes: Vec<Problem>,
}

impl FolderRows {
    /// Lists the images of a job's folder.
    pub fn open(job: &Job, trace: &Trace) -> io::Result<Self> {
        let listing = Listing::of(job)?;
        trace.of(&listing.bytes()[..]).read_to_end(&mut Vec::new())?;
        let folder = job.references_folder();
        let paths = listing.files.into_iter().map(|file| file.path);
        let (images, others): (Vec<String>, Vec<String>) = paths.partition(|path| is_image(&folder, path));
        let mut problems = listing.problems;
        if images.is_empty() && problems.is_empty() {
            let message = "the folder holds no JPEG, PNG or WebP image; name a folder of images, a job file (.toml) or a \
                           manifest";
            problems.push(Problem::new(Place::line(1), message));
        } else if problems.is_empty() && !job.shaping.gives("prompt") {
            problems.push(Problem::new(Place::line(1), no_prompt(job)));
        }
        Ok(Self { alike: alike(&images), notes: left_out(&others), images, line: 0, problems })
    }

    /// The image that is read next.
    pub fn place(&self) -> Place {
        Place::line(self.line as u64 + 1)
    }

    /// The columns, and what is wrong with the folder.
    pub fn read_header(&mut self) -> (Columns, Vec<Problem>) {
        let mut columns = Columns::default();
        for name in COLUMNS {
            columns.push(name.to_owned(), Place::line(1));
        }
        (columns, std::mem::take(&mut self.problems))
    }

    /// What is odd about the folder.
    pub fn take_notes(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.notes)
    }

    /// The next image; none after the last.
    pub fn read(&mut self) -> Option<RawRow> {
        let path = self.images.get(self.line)?;
        let full = if self.alike.contains(&self.line) { path } else { without_ending(path) };
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let place = self.place();
        let cells = [full, full, path, without_ending(file), folder, path];
        let cells = cells.map(|text| Cell { value: Value::String(text.to_owned()), place });
        self.line += 1;
        Some(RawRow { line: place.line, cells: cells.into(), stated: Vec::new(), lists_in_text: false })
    }
}

/// Whether a file is an image by its content, or wants to be one and cannot be looked at: that is told with its row.
fn is_image(folder: &ListFolder, path: &str) -> bool {
    folder.look(path).map_or_else(|_| is_called_an_image(path), |(_, format)| format.is_some())
}

/// That files are left out which somebody may have taken for images, with the first of them.
fn left_out(others: &[String]) -> Vec<Problem> {
    let is_picture = |path: &&String| PICTURES.contains(&paths::extension(Path::new(path)).as_str());
    let pictures: Vec<&String> = others.iter().filter(is_picture).collect();
    let Some(first) = pictures.first() else { return Vec::new() };
    let message = match pictures.len() {
        1 => format!("`{first}` is no JPEG, PNG or WebP image by its content and is left out; convert it"),
        more => {
            format!(
                "`{first}` and {} more are no JPEG, PNG or WebP images by their content and are left out; convert \
                     them",
                more - 1
            )
        }
    };
    vec![Problem::new(Place::line(1), message)]
}

/// Whether a file is an image by its name.
fn is_called_an_image(path: &str) -> bool {
    ["jpg", "jpeg", "png", "webp"].contains(&paths::extension(Path::new(path)).as_str())
}

/// A path without what stands behind the last dot of its name, unless nothing stands before that.
fn without_ending(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name + dot],
        _ => path,
    }
}

/// The images whose paths are another's, in whatever case, without their endings.
fn alike(images: &[String]) -> HashSet<usize> {
    let short = |path: &String| without_ending(path).to_lowercase();
    let whole: HashSet<String> = images.iter().map(|path| path.to_lowercase()).collect();
    let mut times: HashMap<String, u32> = HashMap::new();
    images.iter().for_each(|path| *times.entry(short(path)).or_default() += 1);
    let is_alike =
        |path: &String| times[&short(path)] > 1 || (short(path) != path.to_lowercase() && whole.contains(&short(path)));
    images.iter().enumerate().filter(|(_, path)| is_alike(path)).map(|(number, _)| number).collect()
}

fn no_prompt(job: &Job) -> String {
    let folder = job.manifest.file_name().unwrap_or_default().to_string_lossy();
    match job.file {
        Some(_) => {
            "a folder of images has no prompts; write one for all of them into the job file, as `prompt = \"…\"` \
                    below `[template]`"
                .to_owned()
        }
        None => format!(
            "a folder of images has no prompts; write a job file with `manifest = \"{folder}\"` and, below \
             `[template]`, `prompt = \"…\"`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::job::Options;

    const PNG: &[u8] = b"\x89PNG\r\n\x1A\n....";

    /// A workspace whose folder `photos` has these files, each a picture unless it is called otherwise.
    fn photos(files: &[&str]) -> TempDir {
        let workspace = tempfile::tempdir().unwrap();
        for file in files {
            let path = workspace.path().join("photos").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, if file.ends_with(".txt") { b"text" } else { PNG }).unwrap();
        }
        workspace
    }

    fn job(workspace: &TempDir, options: &Options) -> Job {
        Job::load(Path::new("photos"), options, workspace.path()).unwrap()
    }

    /// The rows' cells, and what is wrong with the folder but for the missing prompt.
    fn read(job: &Job) -> (Vec<Vec<String>>, Vec<String>) {
        let mut rows = FolderRows::open(job, &Trace::new(blake3::Hasher::new())).unwrap();
        let (_, problems) = rows.read_header();
        let told = problems.into_iter().map(|problem| problem.message).filter(|told| !told.contains("no prompts"));
        let text = |cell: Cell| cell.value.as_str().unwrap().to_owned();
        let read = std::iter::from_fn(|| rows.read()).map(|row| row.cells.into_iter().map(text).collect());
        (read.collect(), told.collect())
    }

    fn files(workspace: &TempDir, options: &Options) -> Vec<String> {
        read(&job(workspace, options)).0.into_iter().map(|row| row[2].clone()).collect()
    }

    #[test]
    fn each_image_is_a_row_that_tells_where_it_lies() {
        let photos = photos(&["b.jpg", "a/x.y.png", "a/deep/front", "notes.txt", ".hidden.jpg", ".git/a.jpg"]);
        let (rows, told) = read(&job(&photos, &Options::default()));
        assert!(told.is_empty(), "{told:?}");
        let expected = [
            ["a/deep/front", "a/deep/front", "a/deep/front", "front", "a/deep", "a/deep/front"],
            ["a/x.y", "a/x.y", "a/x.y.png", "x.y", "a", "a/x.y.png"],
            ["b", "b", "b.jpg", "b", "", "b.jpg"],
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn images_that_differ_in_their_endings_only_keep_them() {
        let photos = photos(&["a.jpg", "A.png", "b.jpg", "b.txt", "c.jpg", "c.jpg.png", "sub/a.jpg"]);
        let (rows, _) = read(&job(&photos, &Options::default()));
        let ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(ids, ["A.png", "a.jpg", "b", "c", "c.jpg.png", "sub/a"]);
    }

    #[test]
    fn what_this_program_made_is_no_source() {
        let made = ["output/other/1.jpg", "sets/results.csv.txt", "old/results.csv", "old/metadata.jsonl", "old/2.jpg"];
        let photos = photos(&[&made[..], &["a.jpg", "sets/b.jpg", "pics-rehearsal/3.jpg", "pics/4.jpg"]].concat());
        let here = photos.path().join("photos");
        let of = |rehearse| {
            let options = Options { output: Some("pics".into()), rehearse: Some(rehearse), ..Options::default() };
            read(&Job::load(Path::new("."), &options, &here).unwrap())
                .0
                .into_iter()
                .map(|row| row[2].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(false), ["a.jpg", "sets/b.jpg"]);
        assert_eq!(of(true), ["a.jpg", "sets/b.jpg"]);
        let into_itself = Options { output: Some("photos".into()), ..Options::default() };
        assert_eq!(
            read(&job(&photos, &into_itself)).1,
            ["the pictures would go where those of the list lie; name another folder with --output"]
        );
    }

    #[test]
    fn links_lead_out_of_the_folder_only_if_that_is_allowed() {
        let photos = photos(&["a.jpg", "sub/b.jpg", "../other/c.jpg", "../other/notes.txt"]);
        let at = |path: &str| photos.path().join(path);
        symlink("../other", at("photos/album")).unwrap();
        symlink("sub", at("photos/again")).unwrap();
        symlink(".", at("photos/round")).unwrap();
        symlink("../other/c.jpg", at("photos/link.jpg")).unwrap();
        symlink("nowhere", at("photos/gone.jpg")).unwrap();
        symlink("nowhere", at("photos/gone")).unwrap();
        symlink("../other/notes.txt", at("photos/notes")).unwrap();
        let (rows, told) = read(&job(&photos, &Options::default()));
        let files: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
        assert_eq!(files, ["a.jpg", "gone.jpg", "link.jpg", "sub/b.jpg"], "what is called an image is told by its row");
        assert!(told.len() == 1 && told[0].starts_with("`album` is a link to "), "{told:?}");
        let following = Options { follow_links: Some(true), ..Options::default() };
        let (rows, told) = read(&job(&photos, &following));
        assert!(told.is_empty(), "{told:?}");
        let followed: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
        assert_eq!(followed.iter().filter(|file| file.ends_with("b.jpg")).count(), 1, "{followed:?}");
        assert!(followed.contains(&"album/c.jpg"), "{followed:?}");
    }

    #[test]
    fn a_folder_without_images_and_one_too_deep_are_told() {
        let empty = photos(&["notes.txt"]);
        assert!(
            read(&job(&empty, &Options::default())).1[0].starts_with("the folder holds no JPEG, PNG or WebP image")
        );
        let deep = photos(&[&format!("{}a.jpg", "d/".repeat(66))]);
        let told = read(&job(&deep, &Options::default())).1;
        assert!(told.len() == 1 && told[0].contains("lies more than 64 folders deep"), "{told:?}");
    }

    #[test]
    fn pictures_that_cannot_be_sent_are_told() {
        let photos = photos(&["a.jpg", "notes.txt"]);
        for name in ["IMG_3.HEIC", "b.jpg"] {
            fs::write(photos.path().join("photos").join(name), "no picture").unwrap();
        }
        let job = job(&photos, &Options::default());
        let mut rows = FolderRows::open(&job, &Trace::new(blake3::Hasher::new())).unwrap();
        let told = rows.take_notes();
        assert!(told.len() == 1 && told[0].message.starts_with("`IMG_3.HEIC` and 1 more are"), "{told:?}");
    }

    #[test]
    fn a_fingerprint_changes_with_names_lengths_and_times() {
        let photos = photos(&["a.jpg", "b.jpg"]);
        let print = || crate::job::fingerprint(&job(&photos, &Options::default())).unwrap();
        let (first, path) = (print(), photos.path().join("photos/b.jpg"));
        let job = job(&photos, &Options::default());
        let trace = Trace::new(crate::job::manifest::fingerprint::shape(&job));
        FolderRows::open(&job, &trace).unwrap();
        assert_eq!(trace.fingerprint(), Some(first), "of what was read");
        fs::File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        let touched = print();
        fs::rename(&path, photos.path().join("photos/c.jpg")).unwrap();
        assert!(first != touched && touched != print());
        assert_eq!(files(&photos, &Options::default()), ["a.jpg", "c.jpg"]);
    }
}
