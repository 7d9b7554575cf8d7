//! The database against the server's own account: every request that came has its attempt, every picture that was made
//! has its place. Never trusts either alone.

use overnight::simulator::Asked;

use super::book::{Book, Item};
use crate::support::simulated::Simulated;

/// Checks the account of each prompt, and of all together, while nothing is on its way.
pub fn check(book: &Book, simulator: &Simulated) {
    let (mut asked, mut left) = (0, 0);
    for item in &book.items {
        let account = simulator.asked(&item.prompt);
        check_item(item, account);
        asked += u64::from(account.requests);
        left += item.attempts.len() as u64 - item.count(&["unsent"]) as u64;
    }
    // A request whose sender died in the middle of it came, and has no prompt.
    let came = simulator.stats().requests;
    assert!(asked <= came && came <= left, "{asked} requests for items, {came} came, {left} attempts were sent");
}

/// An answer that is recorded was asked for and given; what else was asked for or given belongs to attempts that are
/// open or lost. None of the answers that a plan calls whole fails a check of ours.
fn check_item(item: &Item, Asked { requests, answers }: Asked) {
    let (requests, answers) = (i64::from(requests), i64::from(answers));
    let answered = item.count(&["settled", "received"]);
    let unknown = item.count(&["sent", "lost"]);
    let pictures = i64::from(item.is_received());
    assert!(
        answered <= requests && requests <= answered + unknown,
        "{requests} requests came for {answered} attempts that were answered and {unknown} of unknown fate: {item:#?}"
    );
    assert!(
        pictures <= answers && answers <= pictures + unknown,
        "{answers} pictures were given, {pictures} kept, {unknown} attempts are of unknown fate: {item:#?}"
    );
}
