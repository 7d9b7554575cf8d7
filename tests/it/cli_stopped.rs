//! A program that is stopped and continued, as a terminal's Ctrl-Z or a suspended machine does. Never tests its end.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::Running;
use crate::support::workspace::Workspace;

/// Lets the program stand still until so much time has passed since then.
fn stand_still(run: &Running, since: Instant, time: Duration) {
    run.signal(Signal::STOP);
    // Time that passes is what this is about: nothing could be waited for instead.
    std::thread::sleep(time.saturating_sub(since.elapsed()));
    run.signal(Signal::CONT);
}

#[test]
fn a_program_that_was_stopped_goes_on_with_the_answers_that_came_meanwhile() {
    let (here, gate) = (Workspace::with_list(4), Gate::shut());
    let run = here.overnight("run list.csv -c 2").at(&gate.url()).start();
    gate.wait_for(2);
    run.signal(Signal::STOP);
    gate.open();
    stand_still(&run, Instant::now(), Duration::from_millis(200));
    run.end().exits(0);
    assert_eq!(gate.seen().len(), 4);
    assert_eq!(here.status("")["lost_attempts"], 0);
}

#[test]
fn requests_whose_time_ran_out_while_the_program_was_stopped_count_once_and_are_sent_again() {
    let (here, gate) = (Workspace::with_list(4), Gate::shut());
    let run = here.overnight("run list.csv -c 2 --request-timeout 1s --max-attempts 99").at(&gate.url()).start();
    gate.wait_for(2);
    stand_still(&run, Instant::now(), Duration::from_millis(1_500));
    // Both are given up and asked for again.
    gate.wait_for(4);
    gate.open();
    run.end().exits(0);
    let status = here.status("");
    let [lost, attempts] = ["lost_attempts", "attempts"].map(|key| status[key].as_i64().unwrap());
    // A machine at its limits lets the time of others run out too: each ended one way or the other.
    assert_eq!((&status["counts"]["done"], attempts), (&4.into(), 4 + lost), "{status}");
    assert!(lost >= 2 && gate.seen().len() as i64 <= attempts, "{status}");
    let counted = Snapshot::of(&here.path("overnight.db")).number("SELECT sum(counted) FROM items");
    // The attempts that gave the pictures count too.
    assert_eq!(counted, attempts, "each time-out counted once");
}
