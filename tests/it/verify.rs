//! What a verification makes of a disk that goes or comes while it looks, and of what people put in its way. Never a
//! real disk: the folder is exchanged in the middle of it.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use overnight::domain::{Artifact, ImageFile, Mark, Timestamp};
use overnight::queue::sqlite::{SqliteDesk, SqliteLedger};
use overnight::store::local::LocalShelf;
use overnight::store::{FolderId, Found, KeptFile, Presence, Shelf, StoreError};
use overnight::verify::{Findings, Parts, Subject, VerifyError, verify};

use crate::support::workspace::Workspace;

const OUTPUT: &str = "output/list-rehearsal";
const DATABASE: &str = "overnight-rehearsal.db";

/// What befalls the disk.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Stays,
    /// It goes before the first file is looked at, and leaves the empty folder that it was mounted on.
    Goes,
    /// It is gone for the first look at each file, and back for the second.
    ComesBack,
}

/// A local shelf on such a disk.
struct Disk<'a> {
    shelf: LocalShelf,
    output: &'a Path,
    fate: Fate,
    is_gone: AtomicBool,
    seen: Mutex<Vec<String>>,
}

impl Shelf for Disk<'_> {
    fn folder(&self) -> Result<Option<FolderId>, StoreError> {
        self.shelf.folder()
    }

    fn files(&self, artifact: &Artifact) -> Vec<KeptFile> {
        self.shelf.files(artifact)
    }

    fn look(&self, file: &KeptFile) -> Presence {
        let mut seen = self.seen.lock().unwrap();
        if self.fate == Fate::Goes && !self.is_gone.swap(true, Ordering::Relaxed) {
            fs::rename(self.output, self.output.with_extension("unmounted")).unwrap();
            fs::create_dir(self.output).unwrap();
        }
        let is_first = !seen.contains(&file.file);
        seen.push(file.file.clone());
        if is_first && self.fate == Fate::ComesBack { Presence::Missing } else { self.shelf.look(file) }
    }

    fn whereabouts(&self, image: &ImageFile) -> Option<String> {
        self.shelf.whereabouts(image)
    }

    fn walk(&self, roots: &[String], each: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        self.shelf.walk(roots, each)
    }

    fn walk_staging(&self, mark: &Mark, received: &[&str], each: &mut dyn FnMut(String)) -> Result<u64, StoreError> {
        self.shelf.walk_staging(mark, received, each)
    }

    fn restore(&self, caption: &KeptFile, text: &str) -> Result<bool, StoreError> {
        self.shelf.restore(caption, text)
    }
}

fn done(items: u32) -> Workspace {
    let here = Workspace::with_list(items);
    here.overnight("run list.csv --rehearse").end().exits(0);
    here
}

/// Verifies with `--requeue`.
fn mended(here: &Workspace, fate: Fate) -> Result<Findings, VerifyError> {
    let (output, db) = (here.path(OUTPUT), here.path(DATABASE));
    let (is_gone, seen) = (AtomicBool::new(false), Mutex::default());
    let disk = Disk { shelf: LocalShelf::of(&output, "list").unwrap(), output: &output, fate, is_gone, seen };
    let mut desk = SqliteDesk::open(&db).unwrap();
    let parts = Parts {
        inventory: &SqliteLedger::open(&db).unwrap(),
        shelf: &disk,
        desk: Some((&mut desk, Timestamp::from_millis(0))),
        progress: &mut |_, _| (),
    };
    verify(parts, &Subject { job: "list", output: &output, neighbours: &[], is_quiet: false, most_names: None })
}

#[test]
fn a_disk_that_goes_meanwhile_has_nothing_put_back_and_nothing_written_in_its_place() {
    let here = done(3);
    let told = mended(&here, Fate::Goes).unwrap_err().to_string();
    assert!(told.contains("another one than when this began") && told.contains(OUTPUT), "{told}");
    assert_eq!(here.status("list --rehearse")["counts"]["done"], 3);
    assert!(here.files(OUTPUT).is_empty());
}

#[test]
fn what_is_there_at_the_second_look_is_not_gone() {
    let here = done(3);
    let found = mended(&here, Fate::ComesBack).unwrap();
    assert_eq!((found.total(), found.pictureless, found.put_back, found.restored), (0, 0, 0, 0));
    assert_eq!(here.status("list --rehearse")["counts"]["done"], 3);
}

#[test]
fn a_pipe_where_a_picture_should_be_is_told_and_never_waited_for() {
    let here = done(1);
    let picture = here.path(&format!("{OUTPUT}/item-1.jpg"));
    fs::remove_file(&picture).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &picture, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let found = mended(&here, Fate::Stays).unwrap();
    assert_eq!(found.unreadable.sorted(), ["item-1.jpg: it is no file, but a folder, a pipe or a device"]);
    assert_eq!((found.total(), found.put_back), (1, 0));
    here.overnight("show list item-1 --rehearse").end().exits(0);
}

#[test]
fn a_caption_that_somebody_wrote_meanwhile_stays() {
    let here = Workspace::new();
    let shelf = LocalShelf::of(&here.path("."), "list").unwrap();
    let kept = KeptFile { file: "a/cup.txt".into(), bytes: 3, blake3: String::new(), is_caption: true };
    assert!(shelf.restore(&kept, "cup").unwrap());
    here.write("a/cup.txt", "mine");
    assert!(!shelf.restore(&kept, "cup").unwrap());
    assert_eq!((here.read("a/cup.txt"), here.files("a")), ("mine".into(), vec!["cup.txt".to_owned()]));
}

#[test]
fn what_another_database_staged_is_no_finding() {
    let here = done(1);
    let staging = format!("{OUTPUT}/.staging/list");
    for name in ["01234567-1-1.part", "89abcdef-2.receipt", "7-1.part"] {
        here.write(&format!("{staging}/{name}"), "somebody's");
    }
    let ended = here.overnight("verify list --rehearse --json").end().exits(1);
    let ended = ended.says(&["2 files in staging belong to a job of this name in another database, and stay"]);
    assert_eq!(ended.json()["staged"], serde_json::json!([".staging/list/7-1.part"]));
}
