//! `--metrics` and `--metrics-file`: what Prometheus is told of a run, held against what the server counted. Never looks at
//! what people are shown.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use overnight::simulator::{Faults, Settings};
use rustix::process::Signal;

use crate::support::gate::Gate;
use crate::support::process::Running;
use crate::support::scrape::{Samples, ask, scrape};
use crate::support::simulated::Simulated;
use crate::support::workspace::{KEY, Workspace};

/// Where a program that runs says that it can be asked for its metrics.
fn address(run: &Running) -> String {
    run.says_line("metrics at http://").trim_start_matches("metrics at http://").replace("/metrics", "")
}

fn samples(here: &Workspace, file: &str) -> Samples {
    Samples::of(&here.read(file))
}

#[test]
fn the_counters_are_what_the_server_counted() {
    let here = Workspace::with_list(80);
    let faults = ["503=10%", "429=5%", "cut=4%", "reset=3%", "refused=5%", "several=10%"];
    let faults = Faults::new(faults.map(|fault| fault.parse().unwrap())).unwrap();
    let simulator = Simulated::with(Settings { faults, small_pictures: true, ..Settings::default() });
    here.overnight("run list.csv --metrics-file list.prom").at(&simulator.url()).end().exits(3);
    let (samples, stats) = (samples(&here, "list.prom"), simulator.stats());
    assert_eq!(samples.sum("overnight_requests_total{job=\"list\",outcome="), stats.requests as f64);
    assert_eq!(samples.sum("overnight_attempt_duration_seconds_count"), stats.requests as f64);
    let by_status = |status: &str| stats.statuses.get(status).copied().unwrap_or_default();
    // Of an answer that is cut the status came.
    for (status, count) in
        [("200", by_status("200") + by_status("cut")), ("429", by_status("429")), ("503", by_status("503"))]
    {
        let name = format!("overnight_responses_total{{job=\"list\",code=\"{status}\"}}");
        assert_eq!(samples.number(&name), count as f64, "{status}");
    }
    assert!(by_status("cut") > 0 && by_status("none") > 0, "{stats:?}");
    assert_eq!(samples.sum("overnight_responses_total"), (stats.requests - by_status("none")) as f64);
    assert_eq!(samples.number("overnight_requests_total{job=\"list\",outcome=\"done\"}"), stats.answered as f64);
    assert_eq!(samples.number("overnight_items_finished_total{job=\"list\",outcome=\"done\"}"), stats.answered as f64);
    assert_eq!(
        samples.number("overnight_failures_total{job=\"list\",kind=\"throttled\"}"),
        stats.statuses["429"] as f64
    );
    assert_eq!(
        samples.number("overnight_failures_total{job=\"list\",kind=\"refused\"}"),
        stats.oddities["refused"] as f64
    );
    assert!(samples.number("overnight_slowdowns_total{job=\"list\"}") > 0.0);
    assert_eq!(samples.number("overnight_images_total{job=\"list\"}"), here.pictures("output/list").len() as f64);
    assert_eq!(samples.number("overnight_attempts_in_flight{job=\"list\"}"), 0.0);
    assert_eq!(samples.number("overnight_last_run_exit_code{job=\"list\"}"), 3.0);

    let status = here.status("list");
    for state in ["queued", "running", "done", "failed", "cancelled"] {
        let name = format!("overnight_items{{job=\"list\",state=\"{state}\"}}");
        assert_eq!(samples.number(&name), status["counts"][state].as_f64().unwrap(), "{state}");
    }
    assert_eq!(samples.number("overnight_cost_usd_total{job=\"list\"}"), status["cost_usd"].as_f64().unwrap());
    assert_eq!(samples.number("overnight_cost_settled_usd{job=\"list\"}"), status["cost_usd"].as_f64().unwrap());
    assert_eq!(samples.number("overnight_cost_reserved_usd{job=\"list\"}"), 0.0);
}

#[test]
fn money_is_told_to_the_last_digit() {
    let (here, simulator) = (Workspace::with_list(7), Simulated::start());
    let words = "run list.csv --price-per-image 0.100000001 --metrics-file list.prom";
    here.overnight(words).at(&simulator.url()).end().exits(0);
    assert_eq!(samples(&here, "list.prom").text("overnight_cost_usd_total{job=\"list\"}"), Some("0.700000007"));
    let gate = Gate::shut();
    gate.open();
    let unpriced = "run list.csv --name other -o other --model another --metrics-file other.prom";
    here.overnight(unpriced).at(&gate.url()).end().exits(0);
    assert!(!here.read("other.prom").contains("_usd"), "where no price is known, nothing is said of money");
}

#[test]
fn a_run_that_is_on_can_be_asked_for_its_metrics() {
    let (here, gate) = (Workspace::with_list(5), Gate::shut());
    let run = here.overnight("run list.csv -c 2 --metrics :0").at(&gate.url()).start();
    let address = address(&run);
    gate.wait_for(2);
    let page = scrape(&address);
    let samples = Samples::of(&page);
    assert_eq!(samples.number("overnight_attempts_in_flight{job=\"list\"}"), 2.0);
    assert_eq!(samples.number("overnight_paused{job=\"list\"}"), 0.0);
    assert_eq!(samples.sum("overnight_items{job=\"list\",state="), 5.0);
    assert_eq!(samples.number("overnight_cost_reserved_usd{job=\"list\"}"), 0.0672);
    assert!(samples.text("overnight_run_start_time_seconds{job=\"list\"}").is_some());
    for absent in ["overnight_run_end_time_seconds", "overnight_last_run_exit_code", "overnight_last_success"] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert!(!page.contains(KEY) && !page.contains("item-1"));

    let asked = |method: &str, path: &str, host: &str| ask(&address, method, path, host);
    let whole = asked("GET", "/metrics", &address);
    assert!(whole.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{}", whole.head);
    let head = asked("HEAD", "/metrics", "localhost");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains("content-type: text/plain; version=0.0.4"), "{}", head.head);
    assert_eq!(asked("GET", "/", &address).status, 404);
    assert_eq!(asked("POST", "/metrics", &address).status, 405);
    let stranger = asked("GET", "/metrics", "shop.example");
    assert_eq!(stranger.status, 403);
    assert!(!stranger.body.contains("overnight_"));
    gate.open();
    run.end().exits(0);
}

#[test]
fn an_address_that_cannot_be_had_is_told_before_anything_is_sent() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = |address: &str| here.overnight("run list.csv --metrics").arg(address).at(&simulator.url()).end().exits(2);
    run(&address).says(&["--metrics: another program listens on", &address, "choose another port"]);
    run("192.0.2.1:9464").says(&["--metrics: cannot listen on 192.0.2.1:9464"]);
    run("shop.example:9464").says(&["is not an address to listen on", "127.0.0.1:9464"]);
    assert_eq!(simulator.stats().requests, 0);
}

#[test]
fn a_file_is_for_all_to_read_and_nothing_lies_beside_it() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    fs::create_dir(here.path("collected")).unwrap();
    here.write("night.toml", "manifest = \"list.csv\"\nmetrics_file = \"collected/night.prom\"\n");
    here.overnight("run night.toml").at(&simulator.url()).end().exits(0);
    let mode = fs::metadata(here.path("collected/night.prom")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let names: Vec<_> = fs::read_dir(here.path("collected")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["night.prom"]);
}

#[test]
fn when_a_run_last_left_nothing_to_do_is_remembered_by_the_database() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    const LAST: &str = "overnight_last_success_timestamp_seconds{job=\"list\"}";
    let run = |words: &str, code: i32| {
        here.overnight(&format!("run list.csv --metrics-file list.prom {words}"))
            .at(&simulator.url())
            .end()
            .exits(code);
        let samples = samples(&here, "list.prom");
        assert_eq!(samples.number("overnight_last_run_exit_code{job=\"list\"}"), f64::from(code));
        samples
    };
    assert_eq!(run("--limit 1", 5).text(LAST), None);
    let first = run("", 0).text(LAST).map(str::to_owned);
    assert!(first.is_some());
    here.write("list.csv", &crate::support::workspace::list(4));
    let cut_short = run("--limit 1", 5);
    assert_eq!(cut_short.text(LAST), first.as_deref());
    assert_eq!(cut_short.sum("overnight_requests_total"), 1.0, "counters begin anew with the process");
    here.write("list.csv", "id,prompt\nx,\n");
    assert_eq!(run("", 2).text(LAST), first.as_deref(), "also where a list is refused");
}

#[test]
fn an_interrupted_run_tells_so_too() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let run = here.overnight("run list.csv -c 1 --metrics-file list.prom --events -").at(&gate.url());
    let mut run = run.start();
    run.event("attempt_started");
    gate.wait_for(1);
    run.signal(Signal::INT);
    run.event("halted");
    gate.open();
    run.end().exits(130);
    let samples = samples(&here, "list.prom");
    assert_eq!(samples.number("overnight_last_run_exit_code{job=\"list\"}"), 130.0);
    assert_eq!(samples.number("overnight_items{job=\"list\",state=\"queued\"}"), 2.0);
    assert!(samples.text("overnight_run_end_time_seconds{job=\"list\"}").is_some());
}

#[test]
fn a_file_that_may_not_be_written_is_told_before_anything_is_sent() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.write("notes.prom", "# HELP other_total Of another program.\n");
    fs::create_dir(here.path("folder.prom")).unwrap();
    for (file, why) in [
        ("gone/list.prom", "cannot be written"),
        ("folder.prom", "holds no metrics"),
        ("notes.prom", "holds no metrics"),
        ("/dev/null", "holds no metrics"),
        ("list.csv", "is the job's manifest"),
        ("overnight.db", "belongs to the workspace database"),
        ("output/list/list.prom", "lies among the job's pictures"),
    ] {
        let run = here.overnight("run list.csv --metrics-file").arg(file).at(&simulator.url());
        run.end().exits(2).says(&["--metrics-file: ", file, why]);
    }
    assert_eq!(simulator.stats().requests, 0);
    assert_eq!(here.read("notes.prom"), "# HELP other_total Of another program.\n");
}

#[test]
fn a_file_that_cannot_be_written_any_more_is_told_and_changes_nothing() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    fs::create_dir(here.path("collected")).unwrap();
    let run = here.overnight("run list.csv -q --metrics-file collected/list.prom").at(&gate.url()).start();
    gate.wait_for(1);
    fs::rename(here.path("collected"), here.path("away")).unwrap();
    gate.open();
    let ended = run.end().exits(0).says(&["warning: --metrics-file: ", "collected/list.prom could not be written: "]);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert_eq!(here.pictures("output/list"), ["item-1"]);
}

#[test]
fn the_jobs_of_one_command_share_an_address_and_a_file() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    for name in ["a", "b"] {
        let job = "manifest = \"../list.csv\"\nmetrics = 0\nmetrics_file = \"../both.prom\"\n";
        here.write(&format!("jobs/{name}.toml"), job);
    }
    let run = here.overnight("run jobs/a.toml jobs/b.toml").at(&gate.url()).start();
    let address = address(&run);
    gate.open_to(1);
    // The second job is on, and stays so while it is looked at.
    gate.wait_for(2);
    let page = scrape(&address);
    assert!(["a", "b"].iter().all(|job| page.contains(&format!("overnight_items{{job=\"{job}\""))), "{page}");
    gate.open();
    let said = run.end().exits(0).stderr;
    assert_eq!(said.matches("metrics at ").count(), 1, "{said}");
    let samples = samples(&here, "both.prom");
    for job in ["a", "b"] {
        assert_eq!(samples.sum(&format!("overnight_requests_total{{job=\"{job}\"")), 1.0, "{job}");
        assert_eq!(samples.number(&format!("overnight_last_run_exit_code{{job=\"{job}\"}}")), 0.0, "{job}");
    }
}

#[test]
fn a_run_that_cannot_begin_is_not_shown_as_the_success_before_it() {
    let here = Workspace::with_list(1);
    here.write("night.toml", "manifest = \"list.csv\"\nmetrics_file = \"night.prom\"\n");
    let (simulator, code) = (Simulated::start(), "overnight_last_run_exit_code{job=\"night\"}");
    let run = || here.overnight("run night.toml").at(&simulator.url()).end();
    run().exits(0);
    assert_eq!(samples(&here, "night.prom").number(code), 0.0);
    fs::remove_file(here.path("list.csv")).unwrap();
    run().exits(2);
    assert_eq!(samples(&here, "night.prom").number(code), 2.0);
    assert_eq!(samples(&here, "night.prom").number("overnight_items{job=\"night\",state=\"done\"}"), 1.0);
}

#[test]
fn two_jobs_are_never_counted_as_one() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    for folder in ["one", "two"] {
        here.write(&format!("{folder}/list.csv"), "id,prompt\na,a mug\n");
        let job = "manifest = \"../list.csv\"\nmetrics_file = \"../../night.prom\"\n";
        here.write(&format!("{folder}/jobs/night.toml"), job);
    }
    let ended = here.overnight("run one/jobs/night.toml two/jobs/night.toml").at(&simulator.url()).end().exits(2);
    ended.says(&["metrics: `night` is already shown for the job `night` of ", "one/overnight.db", "another `name`"]);
    assert_eq!(simulator.stats().requests, 0);
}

#[test]
fn a_rehearsal_leaves_the_jobs_figures_alone() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse --metrics-file list.prom").end().exits(0);
    assert!(!here.path("list.prom").exists());
    assert_eq!(samples(&here, "list-rehearsal.prom").sum("overnight_requests_total{job=\"list-rehearsal\""), 1.0);
}

#[test]
fn a_second_run_of_the_same_job_leaves_the_metrics_of_the_first_alone() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    let words = "run list.csv --metrics-file list.prom --metrics";
    let run = here.overnight(words).arg(":0").at(&gate.url()).start();
    let address = address(&run);
    gate.wait_for(1);
    here.overnight(words).arg(&address).at(&gate.url()).end().exits(75);
    assert!(!here.path("list.prom").exists() || !here.read("list.prom").contains("last_run_exit_code"));
    assert!(scrape(&address).contains("overnight_attempts_in_flight{job=\"list\"} 1\n"));
    gate.open();
    run.end().exits(0);
}
