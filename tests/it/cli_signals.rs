//! SIGINT and SIGTERM: the first finishes what is in flight, the second stops at once. Never tests `kill -9`.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::{Ended, Running, takes_at_most};
use crate::support::server::{Play, Server, http};
use crate::support::workspace::Workspace;

/// A run whose requests wait at the gate: two of four items are in flight.
fn run_with_two_in_flight(here: &Workspace, gate: &Gate) -> Running {
    let run = here.overnight("run list.csv -c 2 --events -").at(&gate.url()).start();
    gate.wait_for(2);
    run
}

/// Signals, and waits until the run has heard it.
fn signal(run: &mut Running, signal: Signal) {
    run.signal(signal);
    run.event("halted");
}

#[test]
fn the_first_signal_finishes_what_is_in_flight_and_the_same_command_goes_on() {
    let signals = [
        (Signal::INT, 130, "stopped by Ctrl-C"),
        (Signal::TERM, 143, "stopped by SIGTERM"),
        // A terminal that was closed.
        (Signal::HUP, 143, "stopped by SIGTERM"),
    ];
    for (sent, code, words) in signals {
        let (here, gate) = (Workspace::with_list(4), Gate::shut());
        let mut run = run_with_two_in_flight(&here, &gate);
        signal(&mut run, sent);
        gate.open();
        let ended = run.end().exits(code).says(&[words, "2 of 4 items left", "overnight run list.csv"]);
        assert_eq!(ended.events().last().unwrap()["ending"], "interrupted");
        assert_eq!(here.pictures("output/list").len(), 2);
        assert_eq!(here.status("")["lost_attempts"], 0);
        here.overnight("run list.csv").at(&gate.url()).end().exits(0);
        assert_eq!((gate.seen().len(), here.pictures("output/list").len()), (4, 4));
    }
}

#[test]
fn the_second_signal_gives_up_what_is_in_flight_within_two_seconds_and_records_it() {
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        takes_at_most(Duration::from_secs(2), || {
            let (here, gate) = (Workspace::with_list(4), Gate::shut());
            let mut run = run_with_two_in_flight(&here, &gate);
            signal(&mut run, sent);
            let second = Instant::now();
            run.signal(sent);
            let ended = run.end().exits(code);
            let took = second.elapsed();
            if took < Duration::from_secs(2) {
                is_recorded(&here, &ended);
                gate.open();
                here.overnight("run list.csv").at(&gate.url()).end().exits(0);
                assert_eq!(here.pictures("output/list").len(), 4);
            }
            took
        });
    }
}

/// What was in flight is known as lost, and its items wait as they did before.
fn is_recorded(here: &Workspace, ended: &Ended) {
    let lost = ended.events_of("attempt_ended");
    assert!(lost.len() == 2 && lost.iter().all(|event| event["outcome"] == "returned"), "{lost:?}");
    let status = here.status("");
    assert_eq!((&status["lost_attempts"], &status["counts"]["queued"]), (&2.into(), &4.into()), "{status}");
    let counted = Snapshot::of(&here.path("overnight.db")).number("SELECT sum(counted) FROM items");
    assert_eq!(counted, 0, "it cost no item an attempt");
}

#[test]
fn a_run_that_only_waits_ends_at_the_first_signal() {
    let busy = Play::Reply(http(503, &[("retry-after", "60")], b"{}"));
    let (here, server) = (Workspace::with_list(1), Server::start([busy]));
    let mut run = here.overnight("run list.csv --events -").at(&server.url()).start();
    assert_eq!(run.event("attempt_ended")["outcome"], "retry");
    run.signal(Signal::INT);
    let start = Instant::now();
    run.end().exits(130);
    assert!(start.elapsed() < Duration::from_secs(30), "it does not wait for its time to come");
}

#[test]
fn a_signal_ends_the_list_of_jobs() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    here.write("other.csv", "prompt\na jug\n");
    let mut run = here.overnight("run list.csv other.csv --events -").at(&gate.url()).start();
    gate.wait_for(1);
    signal(&mut run, Signal::TERM);
    gate.open();
    run.end().exits(143);
    assert_eq!(gate.seen().len(), 1);
    assert_eq!(here.status("other")["counts"]["queued"], 1);
}

#[test]
fn the_simulator_ends_well_at_a_signal() {
    let here = Workspace::new();
    for sent in [Signal::INT, Signal::TERM] {
        let mut simulator = here.overnight("simulate").start();
        let line = simulator.line().unwrap();
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
        simulator.signal(sent);
        simulator.end().exits(0);
    }
}

#[test]
fn a_signal_that_comes_before_anything_is_sent_ends_the_command_as_one() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    gate.open();
    let key = here.path("key");
    rustix::fs::mknodat(rustix::fs::CWD, &key, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let run = here.overnight("run list.csv --api-key-command").arg("cat key").at(&gate.url()).start();
    // Opens once the command has begun to read.
    let mut told = std::fs::File::options().write(true).open(key).unwrap();
    run.signal(Signal::TERM);
    std::io::Write::write_all(&mut told, b"test-key\n").unwrap();
    drop(told);
    run.end().exits(143);
}
