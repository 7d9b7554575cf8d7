//! What every queue promises of money: its sums are right whatever happens, and no cap is ever passed. Never names an
//! implementation: `queue_sqlite.rs` does.

use std::time::Duration;

use overnight::domain::{
    Cap, CapKind, CapSpan, Failure, FailureKind, Held, Item, ItemId, OnLost, Outcome, PriceSource, Reach, Request,
    Timestamp, Usd,
};
use overnight::queue::{Attempt, Claim, Queue, Settlement, Start, Turn, Turned};

use crate::queue_contract::{NOW, Promise, Workspace, artifact, claim, enqueue, failure, item, items, receipt, turn};

pub const PROMISES: &[(&str, Promise)] = &[
    ("sums of every end", the_sums_follow_every_end_of_an_attempt),
    ("sums after a death", what_a_dead_run_lost_stays_set_aside),
    ("starts below a cap", what_does_not_fit_below_a_cap_is_not_begun),
    ("no price below a cap", what_has_no_price_is_not_begun_below_a_cap),
    ("what ends makes room", what_ends_in_a_turn_makes_room_in_it),
    ("a cap of a run", a_cap_of_a_run_counts_that_run_and_one_of_the_job_all),
    ("a cap of a day", jobs_of_one_database_share_a_days_cap),
    ("models that wait", the_models_of_what_waits_are_told),
    ("whose price", a_source_of_prices_is_told_where_it_is_the_only_one),
];

const CENT: Usd = Usd::from_nanos(10_000_000);

fn cents(number: u64) -> Usd {
    CENT.times(number)
}

fn cap(span: CapSpan, most: Usd) -> Cap {
    Cap { kind: CapKind::Job, span, most }
}

fn starts(claims: Vec<Claim>, reserve: Usd) -> Vec<Start> {
    claims.into_iter().map(|claim| Start { claim, reserve: Some(reserve) }).collect()
}

/// Sends for so many items, each of which may cost a cent, below these caps.
fn send(run: &mut dyn Queue, now: Timestamp, number: usize, caps: Vec<Cap>) -> Turned {
    let claims = claim(run, now, number);
    run.commit(now, Turn { starts: starts(claims, CENT), caps, ..turn() }).unwrap()
}

fn end(run: &mut dyn Queue, attempt: Attempt, outcome: Outcome, cost: Option<Usd>) {
    run.commit(NOW, Turn { settlements: vec![Settlement { attempt, outcome, cost }], ..turn() }).unwrap();
}

fn held(workspace: &dyn Workspace, job: &str) -> [u64; 3] {
    let Held { settled, reserved, lost } = workspace.ledger().status(NOW, &[job.to_owned()]).unwrap().remove(0).held;
    [settled, reserved, lost].map(|sum| sum.nanos() as u64 * 10 / CENT.nanos() as u64)
}

/// In tenths of a cent: settled, reserved, lost.
fn the_sums_follow_every_end_of_an_attempt(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(5));
    assert_eq!(held(workspace, "job"), [0, 0, 0]);
    let mut attempts = send(&mut *run, NOW, 5, vec![]).attempts.into_iter();
    let mut next = || attempts.next().unwrap();
    assert_eq!(held(workspace, "job"), [0, 50, 0]);
    let reached = |reach| Failure { reach, ..failure(FailureKind::Transient) };
    let again = |failure| Outcome::Retry { due_at: NOW, failure };
    let received = next();
    run.commit(NOW, Turn { receipts: vec![(received.id, receipt())], ..turn() }).unwrap();
    assert_eq!(held(workspace, "job"), [0, 50, 0], "received is not settled");
    end(&mut *run, received, Outcome::Done(artifact()), Some(Usd::from_nanos(7_000_000)));
    assert_eq!(held(workspace, "job"), [7, 40, 0]);
    end(&mut *run, next(), again(reached(Reach::Unsent)), Some(Usd::ZERO));
    assert_eq!(held(workspace, "job"), [7, 30, 0]);
    end(&mut *run, next(), again(reached(Reach::Lost)), None);
    assert_eq!(held(workspace, "job"), [7, 20, 10]);
    end(&mut *run, next(), Outcome::Failed(failure(FailureKind::Refused)), Some(Usd::from_nanos(1_000_000)));
    assert_eq!(held(workspace, "job"), [8, 10, 10]);
    end(&mut *run, next(), Outcome::Failed(failure(FailureKind::Rejected)), None);
    assert_eq!(held(workspace, "job"), [8, 0, 10], "at no price that is known, nothing is");
}

fn what_a_dead_run_lost_stays_set_aside(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let attempts = send(&mut *run, NOW, 3, vec![]).attempts;
    run.commit(NOW, Turn { receipts: vec![(attempts[0].id, receipt())], ..turn() }).unwrap();
    drop(run);
    let mut next = workspace.run("job").unwrap();
    let rescued = next.rescue(NOW, OnLost::Resend, vec![(attempts[1].id, receipt())]).unwrap();
    assert_eq!(held(workspace, "job"), [0, 20, 10]);
    for (attempt, _) in rescued.received {
        end(&mut *next, attempt, Outcome::Done(artifact()), Some(CENT));
    }
    assert_eq!(held(workspace, "job"), [20, 0, 10]);
    let turned = send(&mut *next, NOW, 1, vec![cap(CapSpan::Job, cents(3)), cap(CapSpan::Run, cents(3))]);
    assert_eq!((turned.attempts.len(), turned.unstarted.len()), (0, 1), "what was lost counts");
    assert_eq!(turned.held.iter().map(|held| held.total()).collect::<Vec<_>>(), [cents(3), Usd::ZERO]);
}

fn what_does_not_fit_below_a_cap_is_not_begun(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(5));
    let Turned { attempts, unstarted, held, .. } = send(&mut *run, NOW, 5, vec![cap(CapSpan::Job, cents(2))]);
    let begun: Vec<&str> = attempts.iter().map(|attempt| attempt.claim.item.id.as_str()).collect();
    let left: Vec<&str> = unstarted.iter().map(|claim| claim.item.id.as_str()).collect();
    assert_eq!((begun, left), (vec!["item-0", "item-1"], vec!["item-2", "item-3", "item-4"]));
    assert_eq!(held, [Held { reserved: cents(2), ..Held::default() }]);
    assert_eq!(run.counts().unwrap().running, 5, "they are still claimed");
    let status = workspace.ledger().status(NOW, &[]).unwrap().remove(0);
    assert_eq!(status.attempts, 2);
    run.commit(NOW, Turn { releases: unstarted, ..turn() }).unwrap();
    assert_eq!(run.counts().unwrap().queued, 3);
}

fn what_has_no_price_is_not_begun_below_a_cap(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    let claims = claim(&mut *run, NOW, 2);
    let mut send = |claims: Vec<Claim>, caps| {
        let starts = claims.into_iter().map(|claim| Start { claim, reserve: None }).collect();
        run.commit(NOW, Turn { starts, caps, ..turn() }).unwrap()
    };
    let Turned { attempts, unstarted, .. } = send(claims, vec![cap(CapSpan::Job, cents(9))]);
    assert_eq!((attempts.len(), unstarted.len()), (0, 2));
    assert_eq!(send(unstarted, vec![]).attempts.len(), 2, "without a cap nothing is in the way");
}

fn what_ends_in_a_turn_makes_room_in_it(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    let caps = vec![cap(CapSpan::Job, CENT)];
    let Turned { mut attempts, unstarted, .. } = send(&mut *run, NOW, 2, caps.clone());
    let unsent = Failure { reach: Reach::Unsent, ..failure(FailureKind::Transient) };
    let outcome = Outcome::Retry { due_at: NOW, failure: unsent };
    let settlements = vec![Settlement { attempt: attempts.remove(0), outcome, cost: Some(Usd::ZERO) }];
    let turned = run.commit(NOW, Turn { settlements, starts: starts(unstarted, CENT), caps, ..turn() }).unwrap();
    assert_eq!((turned.attempts.len(), turned.unstarted.len()), (1, 0));
}

fn a_cap_of_a_run_counts_that_run_and_one_of_the_job_all(workspace: &dyn Workspace) {
    let mut first = workspace.run("job").unwrap();
    enqueue(&mut *first, &items(9));
    assert_eq!(send(&mut *first, NOW, 2, vec![cap(CapSpan::Run, cents(2))]).attempts.len(), 2);
    assert_eq!(send(&mut *first, NOW, 1, vec![cap(CapSpan::Run, cents(2))]).attempts.len(), 0);
    drop(first);
    let mut second = workspace.run("job").unwrap();
    second.rescue(NOW, OnLost::Resend, vec![]).unwrap();
    let caps = vec![cap(CapSpan::Run, cents(2)), cap(CapSpan::Job, cents(3))];
    assert_eq!(send(&mut *second, NOW, 2, caps).attempts.len(), 1, "two were spent by the run before");
}

/// Two runs of two jobs in one database, each of which sees only what it began itself.
fn jobs_of_one_database_share_a_days_cap(workspace: &dyn Workspace) {
    let [mut north, mut south] = ["north", "south"].map(|job| workspace.run(job).unwrap());
    for run in [&mut north, &mut south] {
        enqueue(&mut **run, &items(9));
    }
    let day = Duration::from_secs(24 * 60 * 60);
    // A quarter of an hour begins here.
    let midnight = Timestamp::from_millis(NOW.millis() / 900_000 * 900_000);
    let caps = |from: Timestamp| vec![cap(CapSpan::Sent { from, to: from.after(day) }, cents(5))];
    assert_eq!(send(&mut *north, NOW, 3, caps(midnight)).attempts.len(), 3);
    let Turned { attempts, unstarted, held, .. } = send(&mut *south, NOW, 3, caps(midnight));
    assert_eq!((attempts.len(), unstarted.len(), held[0].total()), (2, 1, cents(5)));
    let last = midnight.after(day - Duration::from_millis(1));
    assert_eq!(send(&mut *north, last, 1, caps(midnight)).attempts.len(), 0);
    let tomorrow = midnight.after(day);
    assert_eq!(send(&mut *north, tomorrow, 1, caps(tomorrow)).attempts.len(), 1);
}

fn the_models_of_what_waits_are_told(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let of_model = |id: &str, model: &str| Item { request: Request::new(model, id), ..item(id, id) };
    enqueue(&mut *run, &[of_model("a", "one"), of_model("b", "two"), of_model("c", "one")]);
    assert_eq!(run.waiting_models().unwrap(), ["one", "two"]);
    claim(&mut *run, NOW, 1);
    assert_eq!(run.waiting_models().unwrap(), ["one", "two"]);
    run.narrow(&[ItemId::new("b")]).unwrap();
    assert_eq!(run.waiting_models().unwrap(), ["two"]);
}

fn a_source_of_prices_is_told_where_it_is_the_only_one(workspace: &dyn Workspace) {
    let source = |job: &str| workspace.ledger().status(NOW, &[job.to_owned()]).unwrap().remove(0).price_source;
    let send = |run: &mut dyn Queue, prices: Vec<PriceSource>| {
        let starts = starts(claim(run, NOW, 1), CENT);
        run.commit(NOW, Turn { starts, prices, ..turn() }).unwrap();
    };
    for only in [PriceSource::Given, PriceSource::Listed] {
        let job = format!("{only:?}");
        let mut run = workspace.run(&job).unwrap();
        enqueue(&mut *run, &items(4));
        assert_eq!(source(&job), None, "nothing was sent");
        send(&mut *run, vec![only]);
        send(&mut *run, vec![]);
        assert_eq!(source(&job), Some(only));
        send(&mut *run, vec![PriceSource::Given, PriceSource::Listed]);
        assert_eq!(source(&job), None, "some was counted with either");
    }
}
