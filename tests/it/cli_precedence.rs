//! Which setting wins: the command line, the environment, the job file, the default. Never tests one setting alone.

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_job_file() {
    let here = Workspace::with_list(9);
    here.write("jobs/night.toml", "manifest = \"../list.csv\"\nrehearse = true\nlimit = 1\n");
    let done = |expected: u64| assert_eq!(here.status("jobs/night.toml")["counts"]["done"], expected);
    here.overnight("run jobs/night.toml").end().exits(5);
    done(1);
    here.overnight("run jobs/night.toml").env("OVERNIGHT_LIMIT", "2").end().exits(5);
    done(3);
    here.overnight("run jobs/night.toml --limit 3").env("OVERNIGHT_LIMIT", "2").end().exits(5);
    done(6);
}

#[test]
fn as_many_requests_are_in_flight_as_was_said_last() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    here.write("night.toml", "manifest = \"list.csv\"\nconcurrency = 1\n");
    let run = here.overnight("run night.toml").at(&gate.url()).env("OVERNIGHT_CONCURRENCY", "3").start();
    gate.wait_for(3);
    gate.open();
    run.end().exits(0);

    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    here.overnight("run list.csv -c 1").at(&simulator.url()).env("OVERNIGHT_CONCURRENCY", "3").end().exits(0);
    assert_eq!(simulator.stats().most_at_once, 1);
}

#[test]
fn a_cell_wins_over_a_flag() {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    here.write("list.csv", "id,prompt,aspect_ratio\na,a cup,4:5\nb,a jug,\n");
    let run = here.overnight("run list.csv -c 1 --aspect-ratio 16:9").at(&gate.url());
    run.env("OVERNIGHT_ASPECT_RATIO", "1:1").end().exits(0);
    let ratios = gate.seen().into_iter().map(|seen| {
        seen.json().pointer("/generationConfig/imageConfig/aspectRatio").unwrap().as_str().unwrap().to_owned()
    });
    assert_eq!(ratios.collect::<Vec<_>>(), ["4:5", "16:9"]);
}

#[test]
fn the_server_the_key_and_its_way_can_come_from_the_environment() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    gate.open();
    let run = here.overnight("run list.csv").env("OVERNIGHT_BASE_URL", &gate.url()).env("OVERNIGHT_AUTH", "bearer");
    run.env("OVERNIGHT_API_KEY_ENV", "MINE").env("MINE", "my-own").end().exits(0);
    assert_eq!(gate.seen()[0].header("authorization"), Some("Bearer my-own"));
}

#[test]
fn a_switch_that_the_environment_turns_on_can_be_turned_off() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv").env("OVERNIGHT_REHEARSE", "true").end().exits(0);
    assert!(here.path("output/list-rehearsal").exists());
    let run = here.overnight("run list.csv --rehearse=false").at(&simulator.url());
    run.env("OVERNIGHT_REHEARSE", "true").end().exits(0);
    assert_eq!(simulator.stats().answered, 1);
}

#[test]
fn a_mistake_in_a_variable_is_told_as_one() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv").env("OVERNIGHT_RPM", "many").end().exits(2).says(&["many"]);
}
