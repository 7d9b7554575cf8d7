//! Disks that fill up while a run is on: what was received is kept, sending stops, and the same command goes on when
//! there is room again. Each test mounts a small disk in a place of its own that nobody else sees and that ends with it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use overnight::simulator::{Drawing, Format, draw};

use crate::support::gate::Gate;
use crate::support::gemini::{answer, image_part};
use crate::support::process::Ended;
use crate::support::server::http;
use crate::support::workspace::{Invocation, Workspace};

/// Says that a test's own mounts are hidden from everybody else already.
const HIDDEN: &str = "OVERNIGHT_TEST_MOUNTS_ARE_HIDDEN";

/// A disk of 64 MB.
struct SmallDisk(tempfile::TempDir);

/// Runs a test on a small disk. `test` is its own name, by which it is run again where its mounts are hidden.
fn on_a_small_disk(test: &str, body: impl FnOnce(&SmallDisk)) {
    if std::env::var_os(HIDDEN).is_some() {
        let disk = SmallDisk(tempfile::tempdir().unwrap());
        mount(&["-t", "tmpfs", "-o", "size=64m", "tmpfs"], disk.path());
        return body(&disk);
    }
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount");
    if !rustix::process::getuid().is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.arg(std::env::current_exe().unwrap()).args(["--exact", "--nocapture", test]).env(HIDDEN, "yes");
    assert!(unshare.status().unwrap().success(), "{test} failed on its small disk");
}

fn mount(words: &[&str], place: &Path) {
    assert!(Command::new("mount").args(words).arg(place).status().unwrap().success(), "{words:?}");
}

impl SmallDisk {
    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where another program keeps what takes all the room.
    fn filler(&self) -> PathBuf {
        self.path().join("somebody else's")
    }

    fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for block in [1 << 20, 4096] {
            while file.write_all(&vec![7; block]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

/// A shut gate before pictures that no slack of a full disk can hold.
fn gate() -> Gate {
    let drawing = Drawing { prompt: "a cup", note: "", width: 512, height: 512, variation: 0 };
    let picture = answer(&image_part(&draw(&drawing, Format::Png)), "STOP");
    Gate::before(move |_| http(200, &[("content-type", "application/json")], picture.as_bytes()))
}

/// Eight items, four at once, whose pictures or whose database lie on the disk.
fn run(here: &Workspace, gate: &Gate, option: &str, place: &Path) -> Invocation {
    here.overnight("run list.csv -c 4").arg(option).arg(place.to_str().unwrap()).at(&gate.url())
}

/// Every item was asked for, and none twice.
fn each_was_asked_for_once(gate: &Gate) {
    let mut prompts = gate.prompts();
    let asked = prompts.len();
    prompts.sort();
    prompts.dedup();
    assert_eq!((asked, prompts.len()), (8, 8));
}

/// Fills the disk while four requests are in flight, lets their answers come, and runs again when there is room.
fn fills_up_in_the_middle(disk: &SmallDisk, option: &str, file: &str, meanwhile: impl FnOnce()) -> (Workspace, Ended) {
    let (here, gate, place) = (Workspace::with_list(8), gate(), disk.path().join(file));
    let first = run(&here, &gate, option, &place).start();
    gate.wait_for(4);
    meanwhile();
    disk.fill();
    gate.open();
    let ended = first.end().exits(1);
    assert_eq!(gate.seen().len(), 4, "nothing more was sent");
    disk.make_room();
    run(&here, &gate, option, &place).end().exits(0);
    each_was_asked_for_once(&gate);
    (here, ended)
}

#[test]
fn what_is_in_flight_when_the_disk_of_the_pictures_fills_up_is_kept() {
    on_a_small_disk("small_disk::what_is_in_flight_when_the_disk_of_the_pictures_fills_up_is_kept", |disk| {
        let (_here, ended) = fills_up_in_the_middle(disk, "--output", "output", || {});
        ended.says(&["4 done", "the disk of the pictures is full, and", "make room, then run the same command again"]);
    });
}

#[test]
fn what_is_in_flight_when_the_disk_of_the_database_fills_up_is_kept() {
    on_a_small_disk("small_disk::what_is_in_flight_when_the_disk_of_the_database_fills_up_is_kept", |disk| {
        let (_here, ended) = fills_up_in_the_middle(disk, "--db", "overnight.db", || {});
        ended.says(&["4 done", "the disk of the database is full, and", "make room, then run the same command again"]);
    });
}

#[test]
fn what_a_full_database_cannot_record_is_found_in_staging_by_the_next_run() {
    on_a_small_disk("small_disk::what_a_full_database_cannot_record_is_found_in_staging_by_the_next_run", |disk| {
        let ballast = disk.path().join("overnight.db.list.ballast");
        let without_ballast = || OpenOptions::new().write(true).open(&ballast).unwrap().set_len(0).unwrap();
        let (_here, ended) = fills_up_in_the_middle(disk, "--db", "overnight.db", without_ballast);
        ended.says(&["is full", "make room, then run the same command again"]);
    });
}

#[test]
fn a_disk_that_is_full_at_the_start_is_told_before_anything_is_sent() {
    on_a_small_disk("small_disk::a_disk_that_is_full_at_the_start_is_told_before_anything_is_sent", |disk| {
        let (here, gate) = (Workspace::with_list(8), gate());
        gate.open();
        disk.fill();
        for (option, file) in [("--output", "output"), ("--db", "overnight.db")] {
            let ended = run(&here, &gate, option, &disk.path().join(file)).end().exits(1);
            ended.says(&["error: ", "full", "run the same command again"]);
        }
        assert!(gate.seen().is_empty());
        disk.make_room();
        run(&here, &gate, "--output", &disk.path().join("output")).end().exits(0);
        each_was_asked_for_once(&gate);
    });
}

#[test]
fn a_disk_that_may_not_be_written_is_told_before_anything_is_sent() {
    on_a_small_disk("small_disk::a_disk_that_may_not_be_written_is_told_before_anything_is_sent", |disk| {
        let (here, gate) = (Workspace::with_list(8), gate());
        gate.open();
        mount(&["-o", "remount,ro"], disk.path());
        run(&here, &gate, "--output", &disk.path().join("output")).end().exits(1).says(&["read-only"]);
        run(&here, &gate, "--db", &disk.path().join("overnight.db")).end().exits(1).says(&["opened for writing"]);
        assert!(gate.seen().is_empty());
        mount(&["-o", "remount,rw"], disk.path());
        run(&here, &gate, "--output", &disk.path().join("output")).end().exits(0);
        each_was_asked_for_once(&gate);
    });
}
