//! An answer that is durable in staging, as the queue records it: by the run that received it, or by the one that found
//! it there. Never looks at the files.

use rusqlite::{Transaction, params};

use super::one;
use super::stored::to_json;
use crate::domain::{AttemptId, Receipt, Timestamp};

/// Records that an attempt's answer is durable in staging.
pub(super) fn record_receipt(
    transaction: &Transaction<'_>,
    now: Timestamp,
    attempt: AttemptId,
    receipt: &Receipt,
) -> rusqlite::Result<()> {
    let received = "UPDATE attempts SET state = 'received', received_at = ?2, staged = ?3, reply = ?4
                    WHERE id = ?1 AND state = 'sent'";
    let (images, reply) = (to_json(&receipt.images)?, to_json(&receipt.reply)?);
    one(transaction, received, params![attempt.0, now.millis(), images, reply])
}
