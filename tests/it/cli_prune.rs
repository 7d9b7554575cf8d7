//! `overnight prune`: what no job needs any more goes, and is told; everything else stays. Never while a run is on.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::process::Ended;
use crate::support::workspace::Workspace;

/// A rehearsed job of two items, of which `a` was made three times and `b` once.
fn with_versions() -> Workspace {
    let here = Workspace::new();
    for prompt in ["a cup", "a golden cup", "a silver cup"] {
        here.write("list.csv", &format!("id,prompt\na,{prompt}\nb,a jug\n"));
        here.overnight("run list.csv --rehearse --changed").end().exits(0);
    }
    assert_eq!(versions(&here).len(), 4, "two pictures with their captions");
    here
}

const VERSIONS: &str = "output/list-rehearsal/.versions";
const DATABASE: &str = "overnight-rehearsal.db";

fn versions(here: &Workspace) -> Vec<String> {
    here.files(VERSIONS)
}

fn prune(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("prune --rehearse {words}")).end()
}

/// Lets so many days pass for whatever happened by now.
fn days_later(here: &Workspace, days: i64) {
    let database = Connection::open(here.path(DATABASE)).unwrap();
    let by = days * 86_400_000;
    database.execute("UPDATE attempts SET ended_at = ended_at - ?1 WHERE ended_at IS NOT NULL", [by]).unwrap();
}

fn is_as_kept(here: &Workspace) {
    here.overnight("verify list --rehearse").end().exits(0);
}

#[test]
fn earlier_pictures_go_when_they_are_old_and_everything_tells_the_truth_of_it() {
    let here = with_versions();
    let current = here.files("output/list-rehearsal");
    assert_eq!(prune(&here, "").exits(0).stdout, "nothing to remove\n", "they are too young");
    days_later(&here, 31);
    let would = prune(&here, "--dry-run").exits(0).stdout;
    assert!(
        would.contains("would remove output/list-rehearsal/.versions/a~1.") && versions(&here).len() == 4,
        "{would}"
    );
    let removed = prune(&here, "list").exits(0).stdout;
    assert_eq!(removed, would.replace("would remove", "removed"), "what was foretold");
    assert!(removed.lines().last().unwrap().starts_with("removed 4 files of earlier pictures: "), "{removed}");
    assert!(!here.path(VERSIONS).exists(), "nor does an empty folder stay");
    assert_eq!(here.files("output/list-rehearsal"), current);
    is_as_kept(&here);
    let page = here.overnight("show list a --rehearse").end().exits(0).stdout;
    assert_eq!(page.matches("removed by `overnight prune` on 20").count(), 2, "{page}");
    let story = here.overnight("show list a --rehearse --json").end().exits(0).json();
    assert!(story["versions"][0]["pruned_at"].is_string() && story["versions"][0]["prompt"] == "a cup", "{story}");
    assert_eq!(here.status("list --rehearse")["images"], 2);
    assert_eq!(prune(&here, "--older-than 0").exits(0).stdout, "nothing to remove\n");
    here.write("list.csv", "id,prompt\na,a cup\nb,a jug\n");
    here.overnight("run list.csv --rehearse --changed").end().exits(0);
    assert_eq!(here.pictures(VERSIONS), ["a~1"], "the next begins anew");
}

#[test]
fn the_newest_of_each_item_stay_if_that_is_wanted() {
    let here = with_versions();
    let document = prune(&here, "--older-than 0 --keep 1 --json").exits(0).json();
    assert_eq!(document["files"], 2);
    let entry = &document["removed"][0];
    assert_eq!([&entry["kind"], &entry["job"], &entry["item"]], [&json!("version"), &json!("list"), &json!("a")]);
    assert!(here.pictures(VERSIONS) == ["a~2"], "{:?}", versions(&here));
    prune(&here, "--keep 1 --older-than 0").exits(0);
    assert_eq!(here.pictures(VERSIONS), ["a~2"]);
    days_later(&here, 3);
    prune(&here, "--older-than 4d").exits(0);
    assert_eq!(here.pictures(VERSIONS), ["a~2"]);
    prune(&here, "--older-than 2d").exits(0);
    assert!(!here.path(VERSIONS).exists());
}

#[test]
fn a_picture_that_becomes_the_favourite_while_others_go_stays() {
    let here = with_versions();
    // Somebody chooses the second one just when the first is gone.
    let choose = "CREATE TRIGGER choose AFTER UPDATE OF pruned_at ON versions WHEN NEW.number = 1 BEGIN
          INSERT INTO acts (job_id, word, person, done_at) VALUES (NEW.job_id, 'favourite', 'Anna', 0);
          INSERT INTO verdicts (act_id, item_key, favourite) SELECT last_insert_rowid(), item_key,
              artifact ->> '$.images[0].blake3' FROM versions WHERE item_key = NEW.item_key AND number = 2; END";
    Connection::open(here.path(DATABASE)).unwrap().execute_batch(choose).unwrap();
    let document = prune(&here, "--older-than 0 --json").exits(0).json();
    assert_eq!(document["favourites"], 1, "{document}");
    assert!(versions(&here).iter().all(|file| file.starts_with("a~2.")), "{:?}", versions(&here));
    assert_eq!(versions(&here).len(), 2, "the picture and its caption");
    is_as_kept(&here);
}

#[test]
fn what_was_not_made_here_or_was_changed_since_stays() {
    let here = with_versions();
    let picture = |number: u32| {
        let file = versions(&here)
            .into_iter()
            .find(|file| file.starts_with(&format!("a~{number}.")) && !file.ends_with("txt"));
        here.path(VERSIONS).join(file.unwrap())
    };
    let (first, second) = (picture(1), picture(2));
    fs::write(&first, "somebody's work").unwrap();
    here.write(&format!("{VERSIONS}/mine.jpg"), "mine");
    here.write(&format!("{VERSIONS}/a~9.jpg"), "mine as well");
    prune(&here, "--older-than 0").exits(0);
    assert!(first.exists() && !second.exists());
    assert_eq!(here.pictures(VERSIONS).len(), 3, "{:?}", versions(&here));
}

#[test]
fn what_is_in_the_way_is_named_and_the_rest_goes() {
    let here = with_versions();
    let picture: PathBuf =
        versions(&here).into_iter().find(|file| file.starts_with("a~1.") && !file.ends_with("txt")).unwrap().into();
    let path = here.path(VERSIONS).join(&picture);
    fs::rename(&path, here.path("elsewhere")).unwrap();
    symlink(here.path("elsewhere"), &path).unwrap();
    let ended = prune(&here, "--older-than 0").exits(1).says(&["a~1.", " stays: it is a link, or no file"]);
    assert!(ended.stdout.contains("removed 2 files"), "{}", ended.stdout);
    assert!(here.path("elsewhere").exists() && path.is_symlink());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    prune(&here, "--older-than 0").exits(1).says(&["a~1.", " stays: it is a folder"]);

    let here = with_versions();
    here.allow(VERSIONS, 0o555);
    here.allow(".", 0o777);
    let everything = ["output", "output/list-rehearsal"];
    everything.iter().for_each(|folder| here.allow(folder, 0o777));
    if rustix::process::geteuid().is_root() {
        for file in [DATABASE, "overnight-rehearsal.db.list.lock"] {
            here.allow(file, 0o666);
        }
    }
    let ended = here.overnight("prune --rehearse --older-than 0").bound_by_permissions(&here).end().exits(1);
    ended.says(&["a~1.", "stays: permission denied", "4 files could not be removed"]);
    here.allow(VERSIONS, 0o755);
    assert_eq!(versions(&here).len(), 4);
    prune(&here, "--older-than 0").exits(0);
}

#[test]
fn what_killed_runs_left_goes_and_what_waits_or_is_anothers_stays() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let run = here.overnight("run list.csv -c 2 --events -").at(&gate.url()).start();
    gate.wait_for(2);
    here.overnight("prune").end().exits(75).says(&["another run of job `list` is on", "nothing of it was removed"]);
    here.overnight("prune list --dry-run").end().exits(75);
    run.kill();
    let staging = "output/list/.staging/list";
    here.write(&format!("{staging}/ffffffff-1-1.part"), "another database's");
    let left = |here: &Workspace| {
        let mut names: Vec<_> =
            fs::read_dir(here.path(staging)).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.retain(|name| name != "ballast");
        names.len()
    };
    assert_eq!(left(&here), 3);
    assert_eq!(here.overnight("prune list --older-than 1h").end().exits(0).stdout, "nothing to remove\n");
    let document = here.overnight("prune list --json").end().exits(0).json();
    assert_eq!((&document["files"], &document["removed"][0]["kind"]), (&2.into(), &"staged".into()), "{document}");
    assert_eq!(left(&here), 1, "what bears another mark stays");
    gate.open();
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    assert_eq!((here.pictures("output/list").len(), gate.seen().len()), (3, 5));
}

#[test]
fn an_answer_that_waits_to_be_published_is_not_touched() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    gate.open();
    here.write("output/list/item-1.png/in/the-way", "");
    here.overnight("run list.csv").at(&gate.url()).end().exits(1);
    here.overnight("prune --older-than 0").end().exits(0);
    fs::remove_dir_all(here.path("output/list/item-1.png")).unwrap();
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    assert_eq!(gate.seen().len(), 1, "it was received, and not bought again");
}

#[test]
fn old_copies_of_the_database_go_with_the_workspace_and_not_with_a_job() {
    let here = with_versions();
    let copies = ["before-3", "before-3-2", "before-x", "before-4.part"].map(|end| format!("{DATABASE}.{end}"));
    copies.iter().for_each(|copy| here.write(copy, "a copy"));
    prune(&here, "list --older-than 0 --keep 9").exits(0);
    prune(&here, "--keep 9").exits(0);
    assert!(copies.iter().all(|copy| here.path(copy).exists()));
    let removed = prune(&here, "--older-than 0 --keep 9").exits(0).stdout;
    assert!(removed.ends_with("removed 2 copies of databases: 12 bytes\n"), "{removed}");
    assert_eq!(copies.map(|copy| here.path(&copy).exists()), [false, false, true, true]);
}

#[test]
fn where_the_folder_is_gone_nothing_is_said_to_be_pruned() {
    let here = with_versions();
    fs::rename(here.path("output"), here.path("unmounted")).unwrap();
    assert_eq!(prune(&here, "--older-than 0").exits(0).stdout, "nothing to remove\n");
    fs::rename(here.path("unmounted"), here.path("output")).unwrap();
    let story = here.overnight("show list a --rehearse --json").end().exits(0).json();
    assert_eq!(story["versions"][0]["pruned_at"], Value::Null);
    prune(&here, "nothing").exits(2).says(&["nothing", "list"]);
    prune(&here, "--older-than soon").exits(2).says(&["--older-than", "such as"]);
    prune(&here, "--keep -1").exits(2);
}
