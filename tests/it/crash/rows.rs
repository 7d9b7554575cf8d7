//! The database against itself: every item in exactly one legal state, every sum what its rows add up to. Never looks
//! at anything else.

use std::collections::BTreeMap;

use super::book::{Attempt, Book, Item};
use super::plan::Plan;

/// Checks the rows at whatever moment a run was killed.
pub fn check(book: &Book, plan: &Plan) {
    check_sums(book);
    if book.revision == 0 {
        assert_eq!(book.attempts().count(), 0, "something was sent before the manifest was read to its end");
        return;
    }
    let ids: Vec<_> = book.items.iter().map(|item| &item.id).collect();
    assert_eq!(ids, plan.items.iter().map(|item| &item.id).collect::<Vec<_>>());
    for (item, planned) in book.items.iter().zip(&plan.items) {
        check_attempts(item);
        check_state(item, planned.is_refused);
    }
    check_runs(book);
}

/// Numbered 1, 2, 3 …, at most one of them open, and what counts against the item adds up: a kill costs none.
fn check_attempts(item: &Item) {
    let numbers: Vec<_> = item.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (1..=item.made).collect::<Vec<_>>(), "{item:#?}");
    let counts = |attempt: &&Attempt| ["done", "retry", "failed"].iter().any(|word| attempt.ended_in(word));
    assert_eq!(item.counted, item.attempts.iter().filter(counts).count() as i64, "{item:#?}");
    let open = item.attempts.iter().filter(|attempt| attempt.is_open()).count();
    assert!(open == 0 || (open == 1 && item.attempts.last().unwrap().is_open()), "{item:#?}");
}

/// What the state says of the attempts.
fn check_state(item: &Item, is_refused: bool) {
    let last = item.attempts.last();
    let final_ones = item.attempts.iter().filter(|attempt| attempt.ended_in("done") || attempt.ended_in("failed"));
    let legal = match item.state.as_str() {
        "queued" => final_ones.count() == 0 && !last.is_some_and(Attempt::is_open),
        "running" => final_ones.count() == 0 && item.claimed_by.is_some(),
        "done" => final_ones.count() == 1 && last.unwrap().ended_in("done") && !is_refused,
        "failed" => final_ones.count() == 1 && last.unwrap().ended_in("failed") && is_refused,
        _ => false,
    };
    assert!(legal, "{item:#?}");
    assert_eq!(item.state == "failed", item.failure_kind.as_deref() == Some("refused"), "{item:#?}");
    assert_eq!(item.state == "done", item.artifact.is_some(), "{item:#?}");
}

/// Nothing is sent before what an earlier run left is dealt with.
fn check_runs(book: &Book) {
    if book.attempts().any(|attempt| attempt.run == book.newest_run) {
        let left = book.attempts().find(|attempt| attempt.state == "sent" && attempt.run != book.newest_run);
        assert!(left.is_none(), "{left:#?} is of a run before {}", book.newest_run);
    }
}

fn check_sums(book: &Book) {
    let costs: Vec<i64> = book.attempts().filter_map(|attempt| attempt.cost).collect();
    let images = book.items.iter().map(|item| item.images().len() as i64).sum();
    let rows = [book.attempts().count() as i64, book.count("lost") as i64, images];
    let rows = rows.map(Some).into_iter().chain([(!costs.is_empty()).then(|| costs.iter().sum())]);
    assert_eq!(book.sums.to_vec(), rows.collect::<Vec<_>>(), "attempts, lost attempts, images, cost");
    let mut tallies: BTreeMap<_, i64> = BTreeMap::new();
    for item in book.items.iter().filter(|_| book.revision > 0) {
        let kind = item.failure_kind.clone().filter(|_| item.state == "failed").unwrap_or_default();
        *tallies.entry((item.state.clone(), kind)).or_default() += 1;
    }
    let tallies: Vec<_> = tallies.into_iter().map(|((state, kind), items)| (state, kind, items)).collect();
    assert_eq!(book.tallies, tallies);
}
