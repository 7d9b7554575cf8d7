//! `run`: from a manifest to a folder of pictures, and the same command again. Never looks at how a run goes wrong.

use rusqlite::Connection;

use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn a_manifest_becomes_a_folder_of_pictures_with_captions_and_results() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(here.pictures("output/list"), ["item-1", "item-2"]);
    assert!(here.read("output/list/item-1.txt").contains("the number 1"));
    assert_eq!(here.read("output/list/metadata.jsonl").lines().count(), 2);
    assert_eq!(here.read("output/list/results.csv").lines().count(), 3);
    assert_eq!(ended.stdout, "");
    ended.says(&["list: all 2 items are done", "output/list"]);
}

#[test]
fn the_same_command_again_sends_and_changes_nothing() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    let (sent, results) = (simulator.stats(), here.path("output/list/results.csv").metadata().unwrap());
    let again = here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats(), sent);
    let after = here.path("output/list/results.csv").metadata().unwrap();
    assert_eq!(after.modified().unwrap(), results.modified().unwrap());
    again.says(&["list: nothing to do: 2 of 2 done"]);
}

#[test]
fn what_is_done_needs_no_key_and_no_server() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    here.overnight("run list.csv").at("http://192.0.2.1").without_key().end().exits(0);
}

#[test]
fn a_quiet_run_that_goes_well_prints_nothing() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    for _ in 0..2 {
        let ended = here.overnight("run list.csv -q").at(&simulator.url()).end().exits(0);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
}

#[test]
fn a_quiet_run_says_what_failed() {
    let here = Workspace::with_list(1);
    let ended = here.overnight("run list.csv -q --rehearse --fail refused=100%").end().exits(3);
    ended.says(&["1 of 1 item failed", "overnight retry list --rehearse --refused"]);
}

#[test]
fn pictures_are_made_also_when_nobody_listens() {
    let here = Workspace::with_list(2);
    assert_eq!(here.overnight("run list.csv --rehearse --events -").unheard(), Some(0));
    assert_eq!(here.pictures("output/list-rehearsal").len(), 2);
}

#[test]
fn a_job_file_lies_in_a_workspace_that_does_not_depend_on_the_current_directory() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.write("jobs/night.toml", "manifest = \"../list.csv\"\n");
    here.write("elsewhere/notes.txt", "");
    here.overnight_in("elsewhere", "run ../jobs/night.toml").at(&simulator.url()).end().exits(0);
    assert_eq!(here.pictures("output/night"), ["item-1", "item-2"]);
    assert!(here.path("overnight.db").exists());
    here.overnight("run jobs/night.toml").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().requests, 2);
    let status = here.overnight_in("elsewhere", "status --json ../jobs/night.toml").end().exits(0).json();
    assert_eq!(status["jobs"][0]["counts"]["done"], 2);
}

#[test]
fn a_workspace_that_is_moved_goes_on_where_it_lies() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    here.write("before/list.csv", "prompt\na cup\na jug\n");
    here.overnight_in("before", "run list.csv").at(&simulator.url()).end().exits(0);
    std::fs::rename(here.path("before"), here.path("after")).unwrap();
    let ended = here.overnight_in("after", "run list.csv").at(&simulator.url()).end().exits(0);
    ended.says(&["nothing to do: 2 of 2 done"]);
    assert_eq!(simulator.stats().requests, 2);
    assert!(!here.path("before").exists());
}

#[test]
fn several_jobs_of_one_command_each_get_their_folder() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.write("other.csv", "id,prompt\njug,a jug\n");
    here.overnight("run list.csv other.csv").at(&simulator.url()).end().exits(0);
    assert_eq!((here.pictures("output/list").len(), here.pictures("output/other").len()), (1, 1));
    let document = here.overnight("status --json").end().exits(0).json();
    assert_eq!(document["jobs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn refused_items_are_grouped_in_the_results_with_the_words_of_the_model() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse --fail refused=100%").end().exits(3).says(&["2 refused:", "IMAGE_SAFETY"]);
    let results = here.read("output/list-rehearsal/results.csv");
    assert!(
        results.lines().skip(1).all(|line| line.contains(",failed,") && line.contains("IMAGE_SAFETY")),
        "{results}"
    );
    assert!(here.pictures("output/list-rehearsal").is_empty());
}

#[test]
fn what_is_said_while_results_are_written_is_in_them_or_makes_them_stale() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    let run = |words: &str| here.overnight(&format!("run list.csv {words}")).at(&simulator.url()).end();
    run("--limit 1").exits(5);
    // Somebody has the last word, just before it is noted that the results tell all.
    let word = "CREATE TRIGGER word BEFORE UPDATE OF results_stale ON jobs WHEN NOT NEW.results_stale BEGIN
                UPDATE items SET artifact = json_set(artifact, '$.caption', 'said meanwhile') WHERE state = 'done'; END";
    Connection::open(here.path("overnight.db")).unwrap().execute_batch(word).unwrap();
    run("").exits(0);
    assert_eq!(here.read("output/list/results.csv").matches("said meanwhile").count(), 2);
}

#[test]
fn results_that_could_not_be_written_are_written_by_the_next_run() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    let run = |words: &str| here.overnight(&format!("run list.csv {words}")).at(&simulator.url()).end();
    run("--limit 1").exits(5);
    let file = here.path("output/list/results.csv");
    let before = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    run("").exits(1).says(&["results.csv"]);
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, &before).unwrap();
    run("").exits(0);
    assert_ne!(std::fs::read(&file).unwrap(), before);
    assert_eq!(simulator.stats().requests, 2);
}
