//! Ctrl-C, SIGTERM and a closed terminal: the first asks to finish, the second to stop at once. Never ends the program while it can
//! still write down what happened.

use std::io::IsTerminal;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::Code;
use crate::domain::Interrupt;
use crate::run::Stop;

/// After a second signal the program is gone within two seconds, whatever the disk does.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// Listens from now on; every receiver of the channel hears. `tidy` is called before the program is ended in a hurry.
pub(super) fn listen(tidy: impl Fn() + Send + 'static) -> anyhow::Result<watch::Receiver<Stop>> {
    heard(tidy, Some(signal(SignalKind::hangup())?))
}

fn heard(tidy: impl Fn() + Send + 'static, hangup: Option<Signal>) -> anyhow::Result<watch::Receiver<Stop>> {
    let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut signals = Signals { interrupt, terminate, hangup };
    let (sender, receiver) = watch::channel(Stop::No);
    tokio::spawn(async move {
        let first = next(&mut signals).await;
        sender.send_replace(Stop::Finish(first));
        let second = next(&mut signals).await;
        sender.send_replace(Stop::Now(second));
        tokio::time::sleep(PATIENCE).await;
        tidy();
        // The database and the staging are whole at every instant: the next run goes on from there.
        std::process::exit(Code::from(second).number().into());
    });
    Ok(receiver)
}

/// The same for who stays: SIGHUP asks to look again at what it was given, as of every daemon. The second channel counts
/// how often. A terminal that is closed ends also who stays.
pub(super) fn listen_staying(
    tidy: impl Fn() + Send + 'static,
) -> anyhow::Result<(watch::Receiver<Stop>, watch::Receiver<u64>)> {
    if std::io::stderr().is_terminal() {
        return Ok((listen(tidy)?, watch::channel(0).1));
    }
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, asked) = watch::channel(0);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            sender.send_modify(|times| *times += 1);
        }
    });
    Ok((heard(tidy, None)?, asked))
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

async fn next(signals: &mut Signals) -> Interrupt {
    tokio::select! {
        _ = signals.interrupt.recv() => Interrupt::Int,
        _ = signals.terminate.recv() => Interrupt::Term,
        // A terminal that was closed asks the same as a service manager.
        _ = closed(&mut signals.hangup) => Interrupt::Term,
    }
}

async fn closed(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => _ = hangup.recv().await,
        None => std::future::pending().await,
    }
}
