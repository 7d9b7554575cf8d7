//! `overnight jobs`: a line a job of the workspace, whether it ran or not. Never more than looks.

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::workspace::Workspace;

/// A workspace with jobs that stand in every way there is but on.
fn with_jobs() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    gate.open();
    for (job, more) in [("done", ""), ("half", "limit = 1\n"), ("idle", ""), ("pilot", "pilot = 2\n"), ("held", "")] {
        here.write(&format!("jobs/{job}.toml"), &format!("manifest = \"../list.csv\"\n{more}"));
    }
    here.write("jobs/typo.toml", "manifest = \"../list.csv\"\nmodle = \"x\"\nlimt = 1\n");
    here.write("jobs/notes.txt", "not a job");
    here.write("jobs/.hidden.toml", "not a job");
    let run = |words: &str| here.overnight(&format!("run {words}")).at(&gate.url()).end();
    run("jobs/done.toml").exits(0);
    run("jobs/half.toml").exits(5);
    run("jobs/pilot.toml").exits(5);
    run("jobs/held.toml --limit 1").exits(5);
    run("list.csv --name bare").exits(0);
    here.overnight("pause held").end().exits(0);
    (here, gate)
}

fn lines(here: &Workspace, words: &str) -> Vec<Vec<String>> {
    let table = here.overnight(&format!("jobs {words}")).end().exits(0).stdout;
    let cells = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    table.lines().map(cells).collect()
}

#[test]
fn every_job_has_a_line_also_one_that_never_ran_or_cannot_be_read() {
    let (here, _gate) = with_jobs();
    let lines = lines(&here, "");
    assert_eq!(lines[0], ["job", "state", "done", "spent", "last run", "file"]);
    let [job, state, done, spent, file] = [0, 1, 2, 3, 5];
    let told: Vec<[&str; 5]> =
        lines[1..].iter().map(|line| [job, state, done, spent, file].map(|at| line[at].as_str())).collect();
    let typo = told[6];
    assert_eq!(
        told[..6],
        [
            ["bare", "finished", "3/3", "$0.10", "–"],
            ["done", "finished", "3/3", "$0.10", "jobs/done.toml"],
            ["half", "2 left", "1/3", "$0.0336", "jobs/half.toml"],
            ["held", "paused, 2 left", "1/3", "$0.0336", "jobs/held.toml"],
            ["idle", "never run", "–", "–", "jobs/idle.toml"],
            ["pilot", "waiting for approval, 1 left", "2/3", "$0.0672", "jobs/pilot.toml"],
        ]
    );
    assert_eq!(typo[..4], ["typo", "cannot be read", "–", "–"]);
    assert!(typo[4].starts_with("jobs/typo.toml:2:1: unknown key `modle`") && typo[4].ends_with("(and 1 more)"));
    assert!(lines[1][4].ends_with(" complete") && lines[3][4].ends_with(" limit"), "{lines:?}");
}

#[test]
fn as_json_each_has_its_state_in_a_word() {
    let (here, gate) = with_jobs();
    gate.open_to(0);
    let before = gate.seen().len();
    let run = here.overnight("run jobs/half.toml --limit 2").at(&gate.url()).start();
    gate.wait_for(before + 2);
    let document = here.overnight("jobs --json").end().exits(0).json();
    let jobs = document["jobs"].as_array().unwrap();
    let states: Vec<&str> = jobs.iter().map(|job| job["state"].as_str().unwrap()).collect();
    let expected = ["finished", "finished", "running", "paused", "never_run", "awaiting_approval", "unreadable"];
    assert_eq!(states, expected);
    let (done, half, idle) = (&jobs[1], &jobs[2], &jobs[4]);
    assert_eq!((&done["counts"]["done"], &done["items"], &done["cost_usd"]), (&3.into(), &3.into(), &0.1008.into()));
    assert_eq!((&done["last_run"]["ending"], &done["problem"]), (&"complete".into(), &Value::Null));
    assert!(half["running_since"].is_string() && half["last_run"]["ended"].is_null(), "{half}");
    assert_eq!(
        *idle,
        json!({"job": "idle", "state": "never_run", "rehearsal": false, "file": "jobs/idle.toml", "problem": null})
    );
    assert!(jobs[6]["problem"].as_str().unwrap().contains("modle"));
    run.kill();
    let killed = lines(&here, "").remove(3);
    assert!(killed[4].ends_with(" killed"), "{killed:?}");
}

#[test]
fn a_failed_job_a_rehearsal_and_a_file_with_a_database_of_its_own_have_theirs() {
    let here = Workspace::with_list(2);
    here.write("jobs/sad.toml", "manifest = \"../list.csv\"\nrehearse = true\nfail = [\"refused=100%\"]\n");
    here.write("jobs/other.toml", "manifest = \"../list.csv\"\nname = \"else\"\ndb = \"../own.db\"\n");
    here.write("jobs/twin.toml", "manifest = \"../list.csv\"\nname = \"sad\"\nrehearse = true\n");
    here.overnight("run jobs/sad.toml").end().exits(3);
    let lines = lines(&here, "");
    assert_eq!((lines[1][0].as_str(), lines[1][1].as_str()), ("else", "never run"));
    assert_eq!([&lines[2][0], &lines[2][1], &lines[2][3]], ["sad", "2 failed", "rehearsal"]);
    assert!(lines[3][5].contains("jobs/sad.toml names a job `sad` as well; rename one"), "{lines:?}");
}

#[test]
fn where_there_is_neither_a_database_nor_a_job_file_it_says_so() {
    let here = Workspace::with_list(1);
    here.overnight("jobs").end().exits(2).says(&["there is no database"]);
    here.overnight("jobs nonsense").end().exits(2).says(&["nonsense"]);
    here.write("jobs/idle.toml", "manifest = \"../list.csv\"\n");
    assert_eq!(lines(&here, "")[1][..2], ["idle", "never run"]);
    assert_eq!(lines(&here, "--rehearse")[1][..2], ["idle", "never run"]);
    assert!(!here.path("overnight.db").exists());
}
