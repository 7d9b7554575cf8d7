//! Works items off through the contract of the queue, as a run does, without making any picture. The one place of the
//! benches that knows the program's types; it never writes SQL.

use std::time::{Duration, SystemTime};

use overnight::domain::{Artifact, ImageFile, ImageFormat, OnLost, Outcome, Receipt, Reply, StagedImage, Timestamp};
use overnight::queue::sqlite::{Database, JobEntry, SqliteQueue};
use overnight::queue::{Attempt, Queue, Settlement, Start, Turn};

use crate::support::program::{JOB, Workspace};

/// A run's hand on the queue of a workspace.
pub struct Hand(Box<dyn Queue>);

impl Hand {
    /// Takes the queue up as the program's next run would.
    pub fn take(workspace: &Workspace) -> anyhow::Result<Self> {
        let entry = JobEntry {
            name: JOB.to_owned(),
            manifest: "bench.csv".to_owned(),
            output: "output".to_owned(),
            holder: "a bench".to_owned(),
            scheduled_for: None,
        };
        let mut queue = SqliteQueue::begin_run(Database::open(&workspace.database())?, &entry, now())?;
        queue.rescue(now(), OnLost::Resend, vec![])?;
        Ok(Self(Box::new(queue)))
    }

    /// Works off about so many items, so many a turn: in one transaction the claims of one turn, the starts of those
    /// before, the receipts of those before these, and the settlements of those at the end. How many there were.
    pub fn work_off(&mut self, turn: usize, items: u64) -> anyhow::Result<u64> {
        let (mut claims, mut started, mut received) = (Vec::new(), Vec::new(), Vec::new());
        let (mut claimed, mut settled) = (0, 0);
        loop {
            let want = if claimed < items { turn } else { 0 };
            let next = Turn {
                lease_until: now().after(Duration::from_secs(60)),
                receipts: started.iter().map(|attempt: &Attempt| (attempt.id, receipt(attempt))).collect(),
                settlements: received.drain(..).map(settlement).collect(),
                starts: claims.drain(..).map(|claim| Start { claim, reserve: None }).collect(),
                want,
                ..Turn::default()
            };
            settled += next.settlements.len() as u64;
            let turned = self.0.commit(now(), next).map_err(|uncommitted| uncommitted.error)?;
            received.append(&mut started);
            started = turned.attempts;
            claims = turned.claims;
            claimed += claims.len() as u64;
            if claims.is_empty() && started.is_empty() && received.is_empty() {
                return Ok(settled);
            }
        }
    }

    /// Lets go of the queue.
    pub fn end(mut self) -> anyhow::Result<()> {
        Ok(self.0.end_run(now(), "complete")?)
    }
}

fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

const CAPTION: &str = "A stoneware mug on light oak, in soft light from the left.";

fn receipt(attempt: &Attempt) -> Receipt {
    let image = StagedImage {
        staged: format!("{}-1.part", attempt.id),
        format: ImageFormat::Jpeg,
        bytes: 1_500_000,
        blake3: "0".repeat(64),
        width: Some(1024),
        height: Some(1024),
    };
    let reply = Reply { finish_reason: Some("STOP".to_owned()), text: Some(CAPTION.to_owned()), ..Reply::default() };
    Receipt { images: vec![image], reply }
}

fn settlement(attempt: Attempt) -> Settlement {
    let image = ImageFile {
        file: format!("{}.jpg", attempt.claim.item.name),
        bytes: 1_500_000,
        blake3: "0".repeat(64),
        width: Some(1024),
        height: Some(1024),
    };
    let artifact =
        Artifact { images: vec![image], caption: Some(CAPTION.to_owned()), finish_reason: Some("STOP".to_owned()) };
    Settlement { attempt, outcome: Outcome::Done(artifact), cost: None }
}
