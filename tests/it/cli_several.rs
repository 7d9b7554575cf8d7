//! Several jobs in one command: all are checked first, and the gravest code is the command's. Never more than two.

use crate::support::gate::Gate;
use crate::support::server::{Server, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// A workspace whose job files hold these options beside a manifest of two items.
fn with_jobs(jobs: [(&str, &str); 2]) -> Workspace {
    let here = Workspace::with_list(2);
    for (name, options) in jobs {
        here.write(&format!("jobs/{name}.toml"), &format!("manifest = \"../list.csv\"\n{options}"));
    }
    here
}

const REFUSED: &str = "rehearse = true\nfail = [\"refused=100%\"]\n";
const LIMITED: &str = "rehearse = true\nlimit = 1\n";
const WELL: &str = "rehearse = true\n";

#[test]
fn the_gravest_of_several_codes_is_the_commands_whatever_their_order() {
    for (options, code) in [([REFUSED, WELL], 3), ([LIMITED, REFUSED], 5), ([REFUSED, LIMITED], 5)] {
        let here = with_jobs([("a", options[0]), ("b", options[1])]);
        here.overnight("run jobs/a.toml jobs/b.toml").end().exits(code);
    }
}

#[test]
fn a_job_that_is_halted_does_not_keep_the_next_from_running() {
    let denied = r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#;
    let server = Server::start(std::iter::repeat_n(json(403, denied), 2));
    let here = with_jobs([("a", &format!("base_url = \"{}\"\n", server.url())), ("b", LIMITED)]);
    here.overnight("run jobs/a.toml jobs/b.toml").end().exits(4);
    assert_eq!(here.pictures("output/b-rehearsal"), ["item-1"]);
}

#[test]
fn a_mistake_in_the_last_job_is_found_before_the_first_is_run() {
    let simulator = Simulated::start();
    let at = format!("base_url = \"{}\"\n", simulator.url());
    let bad_file = with_jobs([("a", &at), ("b", "colour = 1\n")]);
    bad_file.overnight("run jobs/a.toml jobs/b.toml").end().exits(2).says(&["jobs/b.toml:2:1: unknown key `colour`"]);
    assert!(!bad_file.path("overnight.db").exists());

    let bad_manifest = with_jobs([("a", &at), ("b", &at)]);
    bad_manifest.write("bad.csv", "id,prompt\nx,\n");
    let ended = bad_manifest.overnight("run jobs/a.toml bad.csv").at(&simulator.url()).end().exits(2);
    ended.says(&["bad.csv:2:3:"]);

    let no_key = with_jobs([("a", &at), ("b", "base_url = \"http://192.0.2.1\"\n")]);
    no_key.overnight("run jobs/a.toml jobs/b.toml").without_key().end().exits(2).says(&["OVERNIGHT_API_KEY"]);
    assert_eq!(simulator.stats().requests, 0);
}

#[test]
fn two_jobs_of_one_name_are_a_mistake_and_neither_is_run() {
    let here = Workspace::with_list(1);
    here.write("spring/list.csv", "prompt\na jug\n");
    for second in ["spring/list.csv", "list.csv"] {
        let ended = here.overnight(&format!("run list.csv {second} --rehearse")).end().exits(2);
        ended.says(&["two jobs are called `list`"]);
    }
    assert!(!here.path("overnight-rehearsal.db").exists());
}

#[test]
fn the_mistakes_of_all_jobs_are_told_at_once() {
    let here = with_jobs([("a", "colour = 1\n"), ("b", "limit = 0\n")]);
    let ended = here.overnight("run jobs/a.toml jobs/b.toml").end().exits(2);
    ended.says(&["jobs/a.toml:2:1:", "jobs/b.toml:2:"]);
}

#[test]
fn a_job_that_another_run_holds_does_not_keep_the_next_from_running() {
    let gate = Gate::shut();
    let here = with_jobs([("a", &format!("base_url = \"{}\"\n", gate.url())), ("b", WELL)]);
    let first = here.overnight("run jobs/a.toml").start();
    gate.wait_for(2);
    here.overnight("run jobs/a.toml jobs/b.toml").end().exits(75).says(&["another run of job `a` is on"]);
    assert_eq!(here.pictures("output/b-rehearsal").len(), 2);
    gate.open();
    first.end().exits(0);
}
