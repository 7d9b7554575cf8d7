//! A manifest that is the same as when it was read last is not read again, and nobody notices but by the time it takes.
//! Never edits one while a run reads it.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::Ended;
use crate::support::workspace::Workspace;

const LIST: &str = "id,prompt,images\na,a cup,cup.png\nb,a jug,jug.png\n";

/// A folder with a list whose rows name references, read by a first run that made one picture.
fn read_once() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    for image in ["cup.png", "jug.png"] {
        std::fs::write(here.path(image), [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 60]].concat()).unwrap();
    }
    here.write("list.csv", LIST);
    here.overnight("run list.csv --limit 1").at(&gate.url()).end().exits(5);
    (here, gate)
}

fn run(here: &Workspace, gate: &Gate, words: &str) -> Ended {
    here.overnight(&format!("run list.csv --progress plain {words}")).at(&gate.url()).end()
}

/// How many readings of a manifest were published.
fn readings(here: &Workspace) -> i64 {
    Snapshot::of(&here.path("overnight.db")).number("SELECT max(revision) FROM jobs")
}

fn touch(here: &Workspace, path: &str) {
    let later = SystemTime::now() + Duration::from_secs(60);
    File::options().write(true).open(here.path(path)).unwrap().set_modified(later).unwrap();
}

#[test]
fn an_unchanged_list_is_not_read_again_and_the_run_goes_on() {
    let (here, gate) = read_once();
    assert_eq!(readings(&here), 1);
    touch(&here, "list.csv");
    let ended = run(&here, &gate, "").exits(0);
    assert_eq!(readings(&here), 1, "its bytes count, not its time");
    assert!(!ended.stderr.contains("rows read"), "{}", ended.stderr);
    assert_eq!(here.pictures("output/list"), ["a", "b"]);
    assert_eq!(here.read("output/list/results.csv").lines().count(), 3);
    run(&here, &gate, "").exits(0);
    assert_eq!((readings(&here), gate.seen().len()), (1, 2));
}

#[test]
fn a_reference_that_is_gone_is_told_as_ever() {
    let (here, gate) = read_once();
    std::fs::remove_file(here.path("jug.png")).unwrap();
    run(&here, &gate, "").exits(2).says(&["list.csv:3:9:", "`jug.png` is not there"]);
    assert_eq!(gate.seen().len(), 1);
}

#[test]
fn a_reference_that_was_touched_has_the_list_read_again_and_changes_nothing() {
    let (here, gate) = read_once();
    touch(&here, "cup.png");
    let ended = run(&here, &gate, "--limit 1").exits(0);
    assert!(!ended.stderr.contains("updated") && !ended.stderr.contains("kept"), "{}", ended.stderr);
    assert_eq!((readings(&here), gate.seen().len()), (2, 2));
    run(&here, &gate, "").exits(0);
    assert_eq!(readings(&here), 2, "it is known as it is now");
}

#[test]
fn what_the_references_hold_is_kept_with_the_reading() {
    let (here, gate) = read_once();
    let hashes =
        || Snapshot::of(&here.path("overnight.db")).texts("SELECT hex(hash) FROM seen_files ORDER BY path", []);
    let holds = |path: &str| blake3::hash(&std::fs::read(here.path(path)).unwrap()).to_hex().to_uppercase();
    assert_eq!(hashes(), [holds("cup.png"), holds("jug.png")]);
    touch(&here, "cup.png");
    std::fs::write(here.path("jug.png"), b"\x89PNG\r\n\x1a\n another jug").unwrap();
    run(&here, &gate, "").exits(0);
    assert_eq!(hashes(), [holds("cup.png"), holds("jug.png")]);
}

#[test]
fn another_setting_of_the_job_has_the_list_read_again() {
    let (here, gate) = read_once();
    run(&here, &gate, "--aspect-ratio 4:5 --limit 1").exits(0).says(&["1 item updated", "1 item kept"]);
    assert_eq!(readings(&here), 2);
    let ended = run(&here, &gate, "--aspect-ratio 4:5").exits(0).says(&["1 item kept as already asked for"]);
    assert_eq!(readings(&here), 2, "what is done stays as it is, and that is said again: {}", ended.stderr);
    run(&here, &gate, "--rpm 100 --aspect-ratio 4:5").exits(0);
    assert_eq!(readings(&here), 2, "a pace shapes no row");
}

#[test]
fn what_reading_would_say_again_is_said_again() {
    let here = Workspace::new();
    here.write("list.csv", "prompt,aspect\na cup,x\na cup,y\n");
    let says = ["1 row asks for the same as an earlier one", "warning: list.csv:1:8:"];
    here.overnight("run list.csv --rehearse").end().exits(0).says(&says);
    here.overnight("run list.csv --rehearse").end().exits(0).says(&says);
    here.write("keys.jsonl", "{\"prompt\": \"a cup\", \"aspect\": \"x\"}\n");
    here.overnight("run keys.jsonl --rehearse").end().exits(0).says(&["warning: keys.jsonl:1:"]);
    here.overnight("run keys.jsonl --rehearse").end().exits(0).says(&["warning: keys.jsonl:1:"]);
    let database = Snapshot::of(&here.path("overnight-rehearsal.db"));
    assert_eq!(database.texts("SELECT name || revision FROM jobs ORDER BY name", []), ["keys2", "list1"]);
}

#[test]
fn a_list_that_was_mistaken_and_mended_is_read_again() {
    let (here, gate) = read_once();
    here.write("list.csv", &format!("{LIST}b,another jug,\n"));
    run(&here, &gate, "").exits(2).says(&["the id `b` stands on line 3 already"]);
    here.write("list.csv", LIST);
    run(&here, &gate, "").exits(0);
    assert_eq!((readings(&here), gate.seen().len()), (3, 2));
}

#[test]
fn what_comes_on_standard_input_is_always_read() {
    let here = Workspace::new();
    let feed = || here.overnight("run - --name list --manifest-format csv --rehearse").fed(b"prompt\na cup\n").exits(0);
    feed();
    feed();
    assert_eq!(Snapshot::of(&here.path("overnight-rehearsal.db")).number("SELECT revision FROM jobs"), 2);
}

#[test]
fn a_compressed_list_is_known_by_its_compressed_bytes() {
    use std::io::Write as _;
    let here = Workspace::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"prompt\na cup\n").unwrap();
    std::fs::write(here.path("list.csv.gz"), gzip.finish().unwrap()).unwrap();
    here.overnight("run list.csv.gz --rehearse").end().exits(0);
    here.overnight("run list.csv.gz --rehearse").end().exits(0);
    assert_eq!(Snapshot::of(&here.path("overnight-rehearsal.db")).number("SELECT revision FROM jobs"), 1);
}
