//! Reads a manifest on a thread of its own, a little ahead of whoever takes its rows. Never changes their order, never
//! holds many.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::domain::{Item, SeenFile};
use crate::job::Manifest;
use crate::job::manifest::{BadRow, NamePlaces, Row};

/// A batch ends after so many rows, or when what they hold weighs so many bytes.
const MOST_ROWS: usize = 256;
const MOST_BYTES: usize = 256 * 1024;

/// Batches that may wait to be taken.
const BATCHES_AHEAD: usize = 2;

/// A reader that merely reads is back sooner; one that is not waits for a disk, or for who writes to its pipe.
const SOON: Duration = Duration::from_millis(50);

/// What the reader has for who takes its rows.
pub(super) enum Ahead {
    /// The next rows.
    Rows(Batch),
    /// Nothing yet, and it may be long until the next.
    Nothing,
}

/// Some rows in the manifest's order.
pub(super) struct Batch {
    pub rows: Vec<(Result<Row, BadRow>, NamePlaces)>,
    /// The files that they, and no rows before, were checked against.
    pub seen: Vec<SeenFile>,
}

/// Hands every row to `take`, and tells it when the next are not there yet, until that returns false or fails, or somebody
/// asks to stop.
pub(super) fn read_ahead<E>(
    manifest: &mut Manifest,
    is_stopped: &(impl Fn() -> bool + Sync),
    take: impl FnMut(Ahead) -> Result<bool, E>,
) -> Result<(), E> {
    let (sender, batches) = sync_channel(BATCHES_AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            while let Some(batch) = next_batch(manifest, is_stopped) {
                // Who has seen enough leaves.
                if sender.send(batch).is_err() {
                    break;
                }
            }
        });
        hand_over(batches, is_stopped, take)
    })
}

/// Whoever has seen enough leaves, and takes the channel with it: the reader hears of that.
fn hand_over<E>(
    batches: Receiver<Batch>,
    is_stopped: &impl Fn() -> bool,
    mut take: impl FnMut(Ahead) -> Result<bool, E>,
) -> Result<(), E> {
    loop {
        let ahead = match batches.recv_timeout(SOON) {
            Ok(batch) => Ahead::Rows(batch),
            Err(RecvTimeoutError::Timeout) => Ahead::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        if is_stopped() || !take(ahead)? {
            return Ok(());
        }
    }
}

/// The next rows; none after the last.
fn next_batch(manifest: &mut Manifest, is_stopped: &impl Fn() -> bool) -> Option<Batch> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    while rows.len() < MOST_ROWS && bytes < MOST_BYTES && !is_stopped() {
        let Some(row) = manifest.next() else { break };
        bytes += row.as_ref().map_or(0, weight);
        rows.push((row, manifest.named()));
    }
    (!rows.is_empty()).then(|| Batch { rows, seen: manifest.take_seen() })
}

/// Roughly the bytes a row takes: its texts, once in its cells and once in each of its items.
fn weight((row, items): &Row) -> usize {
    let cells: usize =
        row.cells.iter().map(|cell| cell.as_str().map_or_else(|| cell.to_string().len(), str::len)).sum();
    let request = |item: &Item| item.request.system_instruction.as_ref().map_or(0, String::len) + cells;
    cells + items.iter().map(request).sum::<usize>()
}
