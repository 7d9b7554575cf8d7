//! `verify`: every finding, what `--requeue` makes of it, and what it says when the folder is not there. Never a run's
//! own work.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

const OUTPUT: &str = "output/list-rehearsal";

/// A rehearsal of so many items, all done.
fn done(items: u32) -> Workspace {
    let here = Workspace::with_list(items);
    run(&here);
    here
}

fn run(here: &Workspace) {
    here.overnight("run list.csv --rehearse").end().exits(0);
}

/// The file of an item's picture.
fn picture(here: &Workspace, item: &str) -> String {
    let files = here.files(OUTPUT);
    files.into_iter().find(|file| file.starts_with(&format!("{item}.")) && !file.ends_with(".txt")).expect(item)
}

fn remove(here: &Workspace, file: &str) {
    fs::remove_file(here.path(&format!("{OUTPUT}/{file}"))).unwrap();
}

/// The first half of a picture only.
fn cut(here: &Workspace, file: &str) {
    let path = here.path(&format!("{OUTPUT}/{file}"));
    let bytes = fs::read(&path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn findings(here: &Workspace, words: &str, code: i32) -> Value {
    here.overnight(&format!("verify list --json --rehearse {words}")).end().exits(code).json()
}

fn attempts(here: &Workspace) -> u64 {
    here.status("--rehearse list")["attempts"].as_u64().unwrap()
}

#[test]
fn a_job_whose_files_are_as_they_were_kept_is_clean_and_left_as_it_is() {
    let here = done(3);
    let before = here.files(".");
    let clean = json!({
        "checked": 6, "missing": [], "changed": [], "truncated": [], "orphaned": [], "staged": [], "unreadable": [],
        "put_back": 0, "restored": 0,
    });
    assert_eq!(findings(&here, "", 0), clean);
    assert_eq!(findings(&here, "--requeue", 0), clean);
    let ended = here.overnight("verify list --rehearse").end().exits(0);
    assert_eq!(ended.stdout, "list: 6 files of 3 items checked, all as they were kept\n");
    assert_eq!(ended.stderr, "");
    assert_eq!(here.files("."), before);
    assert!(!here.path(&format!("{OUTPUT}/.staging")).exists());
}

#[test]
fn each_kind_of_finding_is_told_by_its_path() {
    let here = done(6);
    let [one, two, three, six] = ["item-1", "item-2", "item-3", "item-6"].map(|item| picture(&here, item));
    remove(&here, &one);
    cut(&here, &two);
    here.write(&format!("{OUTPUT}/{six}"), "");
    here.write(&format!("{OUTPUT}/{three}"), "somebody's work");
    here.write(&format!("{OUTPUT}/item-4.txt"), "another caption");
    remove(&here, "item-5.txt");
    here.write(&format!("{OUTPUT}/mine/holiday.JPG"), "mine");
    here.write(&format!("{OUTPUT}/item-6~2.webp"), "no image of item 6");
    here.write(&format!("{OUTPUT}/notes.md"), "no picture");
    here.write(&format!("{OUTPUT}/.versions/item-1~1.jpg"), "an earlier one");
    here.write(&format!("{OUTPUT}/.staging/list/7-1.part"), "left behind");
    let expected = json!({
        "checked": 12, "missing": [one, "item-5.txt"], "changed": [two, three, "item-4.txt", six],
        "truncated": [two, six],
        "orphaned": ["item-6~2.webp", "mine/holiday.JPG"], "staged": [".staging/list/7-1.part"],
        "unreadable": [], "put_back": 0, "restored": 0,
    });
    assert_eq!(findings(&here, "", 1), expected);
    let page = here.overnight("verify list --rehearse").end().exits(1).stdout;
    for words in [
        "list: 12 files of 6 items checked, 9 findings\n",
        "\nmissing, 2: nothing lies there any more\n  item-1.",
        "\ntruncated, 2: only the beginning",
        "\nchanged, 2: ",
        "\norphaned, 2: no item has them; keep, move or delete them\n  item-6~2.webp\n  mine/holiday.JPG\n",
        "\nstaged, 1: ",
        "again, delete it, then verify --requeue\n",
        "\nNext:\n  # has the next run make 3 pictures again, for nothing: this is a rehearsal\n  # writes 1 caption again, ",
        "verify list --requeue --rehearse\n",
    ] {
        assert!(page.contains(words), "`{words}` is not in:\n{page}");
    }
}

#[test]
fn what_is_missing_or_truncated_is_put_back_and_made_by_the_next_run_and_nothing_else_is() {
    let here = done(5);
    let [one, two, three] = ["item-1", "item-2", "item-3"].map(|item| picture(&here, item));
    remove(&here, &one);
    cut(&here, &two);
    here.write(&format!("{OUTPUT}/{three}"), "somebody's work");
    let caption = here.read(&format!("{OUTPUT}/item-4.txt"));
    remove(&here, "item-4.txt");
    let ended = here.overnight("verify list --rehearse --requeue").end().exits(1);
    let ended = ended.says(&["2 items queued again", "1 caption written again", "somebody's work, and stays"]);
    assert!(ended.stdout.contains("\nNext:\n  # makes 2 pictures again, "), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("overnight run list.csv --rehearse\n"), "{}", ended.stdout);
    assert_eq!(here.read(&format!("{OUTPUT}/item-4.txt")), caption, "without any request");
    let status = here.status("--rehearse list");
    assert_eq!(
        (&status["counts"]["queued"], &status["images"], &status["attempts"]),
        (&json!(2), &json!(3), &json!(5))
    );
    // What waits to be made again is no orphan, wherever its old picture lies.
    let left = findings(&here, "", 1);
    assert_eq!((&left["missing"], &left["changed"], &left["orphaned"]), (&json!([]), &json!([three]), &json!([])));
    run(&here);
    assert_eq!(attempts(&here), 7, "two were asked for again");
    assert_eq!(findings(&here, "", 1)["changed"], json!([three]));
    assert_eq!(here.read(&format!("{OUTPUT}/{three}")), "somebody's work");
    let status = here.status("--rehearse list");
    assert_eq!((&status["images"], &status["counts"]["done"]), (&json!(5), &json!(5)));
    let told = here.overnight("show list item-1 --rehearse --json").end().exits(0).json();
    assert_eq!(told["attempts"].as_array().unwrap().len(), 2, "its history is kept");
    assert!(here.read(&format!("{OUTPUT}/results.csv")).lines().nth(1).unwrap().contains(",done,"));
}

#[test]
fn every_image_of_an_answer_is_checked_and_one_that_is_gone_has_the_item_made_again() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\na,cups [[simulate:several]]\n");
    run(&here);
    assert_eq!(findings(&here, "", 0)["orphaned"], json!([]));
    let second = here.files(OUTPUT).into_iter().find(|file| file.starts_with("a~2.")).unwrap();
    remove(&here, &second);
    assert_eq!(findings(&here, "--requeue", 1)["missing"], json!([second]));
    run(&here);
    findings(&here, "", 0);
    assert_eq!(here.status("--rehearse list")["images"], here.pictures(OUTPUT).len());
}

#[test]
fn what_mending_costs_is_told_before_it_is_asked_for() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    here.write("jobs/night.toml", "manifest = \"../list.csv\"\n");
    here.write("list.csv", "id,prompt\na,cup\nb,jug [[simulate:no-image ok]]\n");
    here.overnight("run jobs/night.toml").at(&simulator.url()).end().exits(0);
    fs::remove_dir_all(here.path("output/night")).unwrap();
    fs::create_dir(here.path("output/night")).unwrap();
    let told = here.overnight("verify night").end().exits(1).stdout;
    assert!(told.contains("  # has the next run make 2 pictures again, about $0.0672 at the list price\n"), "{told}");
    let told = here.overnight("verify night --requeue").end().exits(1).stdout;
    assert!(told.contains("  # makes 2 pictures again, about $0.0672 at the list price\n"), "{told}");
    assert!(told.ends_with("overnight run jobs/night.toml\n"), "{told}");
    let told = here.overnight("verify night --json --requeue").end().exits(0).json();
    assert_eq!((&told["put_back"], &told["restored"]), (&json!(0), &json!(0)));
}

#[test]
fn a_row_that_is_gone_keeps_its_picture_and_is_not_made_again() {
    let here = done(2);
    here.write("list.csv", "id,prompt\nitem-2,a cup with the number 2\n");
    run(&here);
    findings(&here, "", 0);
    remove(&here, &picture(&here, "item-1"));
    let ended = here.overnight("verify list --rehearse --requeue").end().exits(1);
    ended.says(&["0 items queued again", "the manifest lists them no more"]);
}

#[test]
fn an_output_folder_that_is_gone_is_one_message_and_puts_nothing_back() {
    let here = done(3);
    fs::rename(here.path("output"), here.path("elsewhere")).unwrap();
    for words in ["", "--json", "--requeue"] {
        let ended = here.overnight(&format!("verify list --rehearse {words}")).end().exits(1);
        let ended = ended.says(&[OUTPUT, "is not there", "nothing was put back", "--requeue"]);
        assert_eq!((ended.stdout.as_str(), ended.stderr.lines().count()), ("", 1));
    }
    assert_eq!(here.status("--rehearse list")["counts"]["done"], 3);
    assert!(!here.path("output").exists());
    // As the message says.
    fs::create_dir_all(here.path(OUTPUT)).unwrap();
    here.overnight("verify list --rehearse --requeue").end().exits(1).says(&["3 items queued again"]);
    run(&here);
    findings(&here, "", 0);
}

#[test]
fn a_job_without_a_picture_yet_is_clean_also_without_a_folder() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse --fail refused=100%").end().exits(3);
    fs::remove_dir_all(here.path("output")).unwrap();
    assert_eq!(findings(&here, "", 0)["checked"], 0);
}

#[test]
fn without_a_database_or_a_job_it_is_said_what_there_is() {
    let here = Workspace::new();
    here.overnight("verify list").end().exits(2).says(&["there is no database"]);
    assert!(here.files(".").is_empty());
    let here = done(1);
    here.overnight("verify spring --rehearse").end().exits(2).says(&["there is no job `spring`", "list"]);
    here.overnight("verify").end().exits(2);
}

#[test]
fn what_cannot_be_read_is_told_with_the_reason_and_the_rest_is_checked() {
    let here = done(3);
    let [one, two] = ["item-1", "item-2"].map(|item| picture(&here, item));
    // A folder in its place cannot be read by anybody; a file without permissions can, by root.
    remove(&here, &one);
    fs::create_dir(here.path(&format!("{OUTPUT}/{one}"))).unwrap();
    let sealed = here.path(&format!("{OUTPUT}/{two}"));
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_sealed = fs::File::open(&sealed).is_err();
    let ended = here.overnight("verify list --json --rehearse --requeue").end().exits(1);
    let ended = ended.says(&[&format!("cannot read {one}: "), "0 items queued again"]);
    assert_eq!(ended.stderr.contains(&format!("cannot read {two}: permission denied")), is_sealed);
    assert_eq!((&ended.json()["checked"], &ended.json()["missing"]), (&json!(6), &json!([])));
    assert!(ended.json()["unreadable"][0].as_str().unwrap().starts_with(&format!("{one}: ")));
}

#[test]
fn while_a_run_is_on_only_what_is_done_is_checked_and_the_run_is_not_disturbed() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let running = here.overnight("run list.csv -c 1").at(&gate.url()).start();
    gate.wait_for(1);
    here.write("output/list/mine.jpg", "an orphan, as soon as the run is over");
    let ended = here.overnight("verify list --json").end().exits(0);
    let ended = ended.says(&["a run is at work in this folder"]);
    assert_eq!((&ended.json()["orphaned"], &ended.json()["staged"]), (&json!([]), &json!([])));
    gate.open();
    running.end().exits(0);
    let told = here.overnight("verify list --json").end().exits(1).json();
    assert_eq!((&told["orphaned"], &told["staged"]), (&json!(["mine.jpg"]), &json!([])));
}

#[test]
fn what_was_received_and_waits_in_staging_belongs_to_its_attempt() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    // A folder stands where a picture should go, so that publishing fails after the receipt was committed.
    let in_the_way = ["png", "jpg"].map(|extension| here.path(&format!("output/list/item-1.{extension}")));
    in_the_way.iter().for_each(|folder| fs::create_dir_all(folder.join("x")).unwrap());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(1);
    in_the_way.iter().for_each(|folder| fs::remove_dir_all(folder).unwrap());
    let waiting = fs::read_dir(here.path("output/list/.staging/list")).unwrap().count();
    assert!(waiting > 0);
    assert_eq!(here.overnight("verify list --json").end().exits(0).json()["staged"], json!([]));
}

#[test]
fn jobs_that_share_a_folder_claim_each_others_files() {
    let here = Workspace::with_list(2);
    here.write("other.csv", "id,prompt\njug,a jug\n");
    here.overnight("run list.csv --rehearse -o shared").end().exits(0);
    here.overnight("run other.csv --rehearse -o shared").end().exits(0);
    here.write("inner.csv", "id,prompt\npot,a pot\n");
    // `-rehearsal` is added to a folder's name, so that this one lies within the other.
    here.overnight("run inner.csv --rehearse -o shared-rehearsal/inner").end().exits(0);
    for job in ["list", "other", "inner"] {
        here.overnight(&format!("verify {job} --rehearse")).end().exits(0);
    }
}
