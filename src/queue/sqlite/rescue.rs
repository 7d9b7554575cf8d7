//! What a dead run left: lost, received, or merely claimed. Never decides whether a run is dead: the lock does.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::super::{Attempt, Claim, LeftOpen, Rescued};
use super::receipts::record_receipt;
use super::stored::{item, json, optional_json};
use super::versions::STANDING;
use crate::domain::{AttemptId, Digest, OnLost, Receipt, Received, Sent, Timestamp, Tries};

/// What no run has in hand any more, for the same reason.
pub(super) fn left_open(connection: &Connection, job: i64) -> rusqlite::Result<LeftOpen> {
    let mut sent = connection.prepare(
        "SELECT attempts.id, digest FROM attempts JOIN items ON items.key = item_key
         WHERE attempts.job_id = ?1 AND attempts.state = 'sent' ORDER BY attempts.id",
    )?;
    let sent =
        sent.query_map([job], |row| Ok(Sent { attempt: AttemptId(row.get(0)?), digest: Digest(row.get(1)?) }))?;
    let sent = sent.collect::<Result<_, _>>()?;
    let received = "SELECT count(*) FROM attempts WHERE job_id = ?1 AND state = 'received'";
    Ok(LeftOpen { sent, received: connection.query_row(received, [job], |row| row.get(0))? })
}

/// The lock proves that no run of this job lives, so whatever is claimed was left behind.
pub(super) fn take_over(
    connection: &mut Connection,
    job: i64,
    run: i64,
    now: Timestamp,
    on_lost: OnLost,
    found: &[Received],
) -> rusqlite::Result<Rescued> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let abandoned =
        "UPDATE runs SET ended_at = ?3, ending = 'died' WHERE job_id = ?1 AND id <> ?2 AND ended_at IS NULL";
    let died = transaction.execute(abandoned, params![job, run, now.millis()])?;
    // It may have been killed while it wrote the results.
    let results = "UPDATE jobs SET results_stale = 1 WHERE id = ?1 AND ?2 > 0";
    transaction.execute(results, params![job, died])?;
    for (attempt, receipt) in found {
        record_receipt(&transaction, now, *attempt, receipt)?;
    }
    let lost = lose_sent(&transaction, job, now, on_lost)?;
    let received = take_received(&transaction, job, run)?;
    let returned = transaction.execute(
        "UPDATE items SET state = 'queued', due_at = iif(attempts = 0, 0, ?3)
         WHERE job_id = ?1 AND state = 'running' AND claimed_by <> ?2",
        params![job, run, now.millis()],
    )?;
    transaction.commit()?;
    Ok(Rescued { received, lost, returned: returned as u64 })
}

/// What was sent and never received may have been billed: it is counted, and costs its item no attempt.
fn lose_sent(transaction: &Transaction<'_>, job: i64, now: Timestamp, on_lost: OnLost) -> rusqlite::Result<u64> {
    let message = "the program was killed while the answer was on its way";
    if on_lost == OnLost::Hold {
        transaction.execute(
            "UPDATE items SET state = 'failed', failure_kind = 'lost', failure = ?2
             WHERE state = 'running' AND key IN (SELECT item_key FROM attempts WHERE job_id = ?1 AND state = 'sent')",
            params![job, message],
        )?;
    }
    let lost = transaction.execute(
        "UPDATE attempts SET state = 'lost', ended_at = ?2, outcome = ?3, kind = 'lost', message = ?4
         WHERE job_id = ?1 AND state = 'sent'",
        params![job, now.millis(), if on_lost == OnLost::Hold { "failed" } else { "returned" }, message],
    )?;
    transaction.execute(
        "UPDATE jobs SET lost_attempts = lost_attempts + ?2, results_stale = results_stale OR ?2 > 0 WHERE id = ?1",
        params![job, lost],
    )?;
    Ok(lost as u64)
}

/// Answers received in full become this run's, to be published: also of an item that a person took out, or put back,
/// before anybody knew that its answer was there. It is paid.
fn take_received(transaction: &Transaction<'_>, job: i64, run: i64) -> rusqlite::Result<Vec<(Attempt, Receipt)>> {
    transaction.execute(
        "UPDATE items SET state = 'running', claimed_by = ?2, due_at = NULL, cancelled_by = NULL
         WHERE state IN ('running', 'queued', 'cancelled')
           AND key IN (SELECT item_key FROM attempts WHERE job_id = ?1 AND state = 'received')",
        [job, run],
    )?;
    let mut statement = transaction.prepare(&format!(
        "SELECT attempts.id, number, staged, reply, item_key, attempts, counted, empty, items.id, name, request, digest,
                sources, {STANDING}
         FROM attempts JOIN items ON items.key = item_key
         WHERE attempts.job_id = ?1 AND attempts.state = 'received' ORDER BY attempts.id"
    ))?;
    let received = statement.query_map([job], |row| {
        let tries = Tries { made: row.get(5)?, counted: row.get(6)?, empty: row.get(7)? };
        let claim = Claim { key: row.get(4)?, tries, item: item(row, 8)?, earlier: optional_json(row, 13)? };
        let attempt = Attempt { id: AttemptId(row.get(0)?), number: row.get(1)?, claim };
        Ok((attempt, Receipt { images: json(row, 2)?, reply: json(row, 3)? }))
    })?;
    received.collect()
}
