//! What waits in a queue when the clock is set. Never names an implementation: `queue_sqlite.rs` does.

use std::time::Duration;

use overnight::domain::{FailureKind, Outcome, Timestamp};
use overnight::queue::Queue;

use crate::queue_contract::{NOW, Workspace, claim, enqueue, failure, items, settle, start};
use crate::support::clock::HOUR;

fn after(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// Tries the next item in vain, so that it waits until then.
fn wait(run: &mut dyn Queue, due_at: Timestamp) {
    let claims = claim(run, NOW, 1);
    for attempt in start(run, claims) {
        settle(run, attempt, Outcome::Retry { due_at, failure: failure(FailureKind::Transient) });
    }
}

/// Whoever waits does so as long as before; whoever would wait for ever waits no more.
pub fn what_waits_is_moved_with_the_clock(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    wait(&mut *run, after(60));
    wait(&mut *run, after(90));
    for by in [5 * HOUR, -5 * HOUR, -2 * HOUR] {
        let before = run.next_due(true).unwrap().unwrap();
        let now = after(0).moved(before.millis() - after(60).millis() + by);
        run.move_waits(now, by).unwrap();
        assert_eq!(run.next_due(true).unwrap(), Some(before.moved(by)));
        assert_eq!(run.next_due(false).unwrap(), Some(Timestamp::default()), "what was never tried waits for nothing");
    }
    let due = after(60).moved(-2 * HOUR);
    run.move_waits(due, 0).unwrap();
    assert_eq!(run.next_due(true).unwrap(), Some(due), "what waits no longer than anything may stays as it is");
    let long_before = due.moved(-3 * HOUR);
    run.move_waits(long_before, 0).unwrap();
    assert_eq!(claim(&mut *run, long_before, 9).len(), 3, "all of it is due at once");
}
