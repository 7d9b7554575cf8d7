//! How much work something is: the time for which a processor was busy with it, however busy others keep the machine.
//! Never sees what other threads do.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Does this on this thread, and demands that it is no more work than so long.
#[track_caller]
pub fn is_little_work<T>(most: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let begun = spent();
    let done = work();
    let took = spent() - begun;
    assert!(took < most, "{what} takes {took:?}");
    done
}

/// For how long a processor has been busy with this thread.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
