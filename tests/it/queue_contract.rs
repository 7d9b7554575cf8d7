//! What every queue promises. Never names an implementation: `queue_sqlite.rs` does.

use std::time::Duration;

use overnight::domain::{
    Artifact, Digest, Failure, FailureKind, ImageFile, ImageFormat, Item, ItemId, ManifestRow, OnLost, Outcome, Reach,
    Receipt, Reply, Request, Sources, StagedImage, Timestamp, Usd,
};
use overnight::queue::{
    Attempt, Claim, Clash, ClashOver, Desk, Enqueued, Inventory, Ledger, Preview, Queue, QueueError, Redo, Selection,
    Settlement, Start, Turn, Turned, Upkeep,
};

use crate::queue_contract_account as account;
use crate::queue_contract_desk as desk;
use crate::queue_contract_money as money;
use crate::queue_contract_narrow as narrow;
use crate::queue_contract_pause as pause;
use crate::queue_contract_preview as preview;
use crate::queue_contract_reading as reading;
use crate::queue_contract_review as review;
use crate::queue_contract_review::Reviewed;
use crate::queue_contract_sources as sources;
use crate::queue_contract_story as story;
use crate::queue_contract_versions as versions;
use crate::queue_contract_waits as waits;

/// A workspace whose implementation is under test.
pub trait Workspace: Reviewed {
    /// Begins a run of the job named so.
    fn run(&self, job: &str) -> Result<Box<dyn Queue>, QueueError>;
    /// The read side.
    fn ledger(&self) -> Box<dyn Ledger>;
    /// What should lie where.
    fn inventory(&self) -> Box<dyn Inventory>;
    /// What a manifest would change.
    fn preview(&self, job: &str, redo: Redo) -> Box<dyn Preview>;
    /// A person's hand.
    fn desk(&self) -> Box<dyn Desk>;
    /// Who tidies up.
    fn upkeep(&self) -> Box<dyn Upkeep>;
}

pub const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub fn item(id: &str, prompt: &str) -> Item {
    let request = Request::new("m", prompt);
    let digest = Digest(*blake3::hash(prompt.as_bytes()).as_bytes());
    Item { id: ItemId::new(id), name: id.to_owned(), request, digest, sources: Sources::default() }
}

pub fn row(line: u64) -> ManifestRow {
    ManifestRow { line, cells: vec![format!("cell {line}").into()], has_id: true }
}

/// Takes in one row for each item and publishes.
pub fn enqueue(run: &mut dyn Queue, items: &[Item]) -> Enqueued {
    let mut intake = run.intake(Redo::No).unwrap();
    for (index, item) in items.iter().enumerate() {
        assert_eq!(intake.push(&row(index as u64 + 2), std::slice::from_ref(item)).unwrap(), []);
    }
    intake.publish(&["id".to_owned()], None).unwrap()
}

pub fn items(count: usize) -> Vec<Item> {
    (0..count).map(|n| item(&format!("item-{n}"), &format!("prompt {n}"))).collect()
}

pub fn turn() -> Turn {
    Turn { lease_until: NOW.after(Duration::from_secs(60)), ..Turn::default() }
}

pub fn claim(queue: &mut dyn Queue, now: Timestamp, want: usize) -> Vec<Claim> {
    queue.commit(now, Turn { want, ..turn() }).unwrap().claims
}

pub fn start(queue: &mut dyn Queue, claims: Vec<Claim>) -> Vec<Attempt> {
    let starts = claims.into_iter().map(|claim| Start { claim, reserve: None }).collect();
    queue.commit(NOW, Turn { starts, ..turn() }).unwrap().attempts
}

pub fn settle(queue: &mut dyn Queue, attempt: Attempt, outcome: Outcome) {
    let settlements = vec![Settlement { attempt, outcome, cost: None }];
    queue.commit(NOW, Turn { settlements, ..turn() }).unwrap();
}

pub fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, format!("it was {kind}"))
}

pub fn receipt() -> Receipt {
    let image = StagedImage {
        staged: "1-1.part".into(),
        format: ImageFormat::Png,
        bytes: 9,
        blake3: "ab".into(),
        width: Some(1024),
        height: Some(1024),
    };
    Receipt { images: vec![image], reply: Reply { text: Some("a caption".into()), ..Reply::default() } }
}

pub fn artifact() -> Artifact {
    let image =
        ImageFile { file: "a.png".into(), bytes: 9, blake3: "ab".into(), width: Some(1024), height: Some(1024) };
    Artifact { images: vec![image], caption: Some("a caption".into()), finish_reason: Some("STOP".into()) }
}

/// One promise, held against an empty workspace.
pub type Promise = fn(&dyn Workspace);

/// Runs the whole suite; `fresh` makes an empty workspace each time.
pub fn every_promise(fresh: &dyn Fn() -> Box<dyn Workspace>) {
    let promises: &[(&str, Promise)] = &[
        ("an item is claimed once", an_item_is_claimed_once),
        ("a retry waits for its moment and comes before what was never tried", a_retry_waits_and_comes_first),
        ("a turn is one transaction", a_turn_writes_everything_together),
        ("a second run is refused", a_second_run_is_refused_and_told_who_holds_it),
        ("a name stands for one manifest", a_job_is_taken_up_again_as_it_was),
        ("the dead cost nothing", what_a_dead_run_left_is_rescued_and_costs_no_attempt),
        ("received is never asked again", what_was_received_is_handed_over_for_publishing),
        ("lost may be held", a_lost_attempt_may_be_held_for_a_person),
        ("the manifest again", the_same_manifest_again_changes_nothing),
        ("an edit", an_edited_row_is_taken_where_nothing_was_paid_yet),
        ("gone and back", a_row_that_goes_is_taken_out_and_returns_with_its_row),
        ("refused whole", reading::an_abandoned_manifest_leaves_no_trace),
        ("clashes", two_rows_with_one_id_or_name_clash),
        ("repeats", rows_without_ids_and_the_same_request_are_one_item),
        ("retry and cancel", desk::a_person_puts_back_and_takes_out),
        ("remake", desk::a_done_item_is_made_again_as_it_was_asked_for),
        ("approval", desk::a_pilot_is_approved_once),
        ("the clock is set", waits::what_waits_is_moved_with_the_clock),
        ("the last reading", reading::what_was_read_is_recognised_with_what_it_would_tell),
        ("the files seen", reading::the_files_of_the_last_reading_are_told_as_they_were_seen_first),
        ("a reading that is not over", reading::a_reading_that_was_refused_or_cut_off_is_followed_by_another),
        ("a reading at rest", reading::others_write_while_a_reading_waits_for_its_next_row),
        ("a reading to come back to", reading::what_may_take_its_new_request_later_is_read_again),
        ("put back without a row", reading::a_list_is_read_again_while_something_waits_that_is_not_on_it),
        ("the ledger", the_ledger_tells_rows_results_and_failures),
        ("the account", account::the_account_tells_how_each_attempt_ended_and_what_it_used),
        ("the day", account::jobs_of_one_database_share_a_days_requests),
        ("an item's story", story::the_ledger_tells_an_items_whole_story),
        ("who took it out", story::the_ledger_tells_who_took_an_item_out),
        ("the nearest item", story::an_unknown_item_is_told_the_nearest),
    ];
    for (name, promise) in [
        promises,
        money::PROMISES,
        sources::PROMISES,
        preview::PROMISES,
        versions::PROMISES,
        narrow::PROMISES,
        pause::PROMISES,
    ]
    .into_iter()
    .chain(review::PROMISES)
    .flatten()
    {
        eprintln!("{name}");
        promise(&*fresh());
    }
}

fn an_item_is_claimed_once(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    assert_eq!(enqueue(&mut *run, &items(5)).new, 5);
    let first = claim(&mut *run, NOW, 3);
    let second = claim(&mut *run, NOW, 3);
    let ids: Vec<&str> = first.iter().chain(&second).map(|claim| claim.item.id.as_str()).collect();
    assert_eq!(ids, ["item-0", "item-1", "item-2", "item-3", "item-4"], "in the manifest's order");
    assert!(claim(&mut *run, NOW, 3).is_empty());
    assert_eq!(run.counts().unwrap().running, 5);
}

fn a_retry_waits_and_comes_first(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    let due_at = NOW.after(Duration::from_secs(5));
    settle(&mut *run, attempt, Outcome::Retry { due_at, failure: failure(FailureKind::Transient) });
    assert_eq!(run.next_due(false).unwrap(), Some(Timestamp::from_millis(0)), "the never tried are due");
    let early = claim(&mut *run, NOW, 1);
    assert_eq!(early[0].item.id.as_str(), "item-1");
    let due = claim(&mut *run, due_at, 1);
    assert_eq!(due[0].item.id.as_str(), "item-0");
    assert_eq!((due[0].tries.made, due[0].tries.counted), (1, 1));
}

fn a_turn_writes_everything_together(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(4));
    let claims = claim(&mut *run, NOW, 2);
    let mut attempts = start(&mut *run, claims);
    let (second, first) = (attempts.pop().unwrap(), attempts.pop().unwrap());
    let more = claim(&mut *run, NOW, 1);
    let settlements = vec![
        Settlement { attempt: first, outcome: Outcome::Done(artifact()), cost: Some(Usd::from_nanos(7)) },
        Settlement { attempt: second, outcome: Outcome::Failed(failure(FailureKind::Refused)), cost: None },
    ];
    let everything = Turn {
        settlements,
        starts: more.into_iter().map(|claim| Start { claim, reserve: None }).collect(),
        want: 5,
        ..turn()
    };
    let Turned { attempts, claims, .. } = run.commit(NOW, everything).unwrap();
    assert_eq!((attempts.len(), attempts[0].number, claims.len()), (1, 1, 1));
    let counts = run.counts().unwrap();
    assert_eq!((counts.done, counts.failed[&FailureKind::Refused], counts.running), (1, 1, 2));
    let status = workspace.ledger().status(NOW, &[]).unwrap().remove(0);
    assert_eq!((status.attempts, status.images, status.cost), (3, 1, Some(Usd::from_nanos(7))));
    assert!(status.running_since.is_some());
}

fn a_second_run_is_refused_and_told_who_holds_it(workspace: &dyn Workspace) {
    let _first = workspace.run("job").unwrap();
    match workspace.run("job").err() {
        Some(QueueError::Held { holder, .. }) => assert!(holder.contains("tester"), "{holder}"),
        other => panic!("{other:?}"),
    }
    workspace.run("another").expect("another job is free");
}

fn a_job_is_taken_up_again_as_it_was(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    drop(run);
    let mut run = workspace.run("job").unwrap();
    assert_eq!(run.counts().unwrap().queued, 2);
}

fn what_a_dead_run_left_is_rescued_and_costs_no_attempt(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let claims = claim(&mut *run, NOW, 1);
    start(&mut *run, claims);
    claim(&mut *run, NOW, 1);
    drop(run);
    let mut run = workspace.run("job").unwrap();
    let rescued = run.rescue(NOW, OnLost::Resend, vec![]).unwrap();
    assert_eq!((rescued.lost, rescued.returned, rescued.received.len()), (1, 2, 0));
    let claims = claim(&mut *run, NOW, 9);
    assert_eq!(claims.len(), 3);
    assert_eq!((claims[0].tries.made, claims[0].tries.counted), (1, 0), "made, but not counted");
    assert_eq!(workspace.ledger().status(NOW, &[]).unwrap()[0].lost_attempts, 1);
}

fn what_was_received_is_handed_over_for_publishing(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(1));
    let claims = claim(&mut *run, NOW, 1);
    let attempt = start(&mut *run, claims).remove(0);
    run.commit(NOW, Turn { receipts: vec![(attempt.id, receipt())], ..turn() }).unwrap();
    drop(run);
    let mut run = workspace.run("job").unwrap();
    let mut rescued = run.rescue(NOW, OnLost::Resend, vec![]).unwrap();
    assert_eq!((rescued.lost, rescued.returned), (0, 0));
    let (attempt, kept) = rescued.received.remove(0);
    assert_eq!(kept, receipt());
    assert!(claim(&mut *run, NOW, 1).is_empty(), "it is not asked for again");
    settle(&mut *run, attempt, Outcome::Done(artifact()));
    assert_eq!(run.counts().unwrap().done, 1);
}

fn a_lost_attempt_may_be_held_for_a_person(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(1));
    let claims = claim(&mut *run, NOW, 1);
    start(&mut *run, claims);
    drop(run);
    let mut run = workspace.run("job").unwrap();
    run.rescue(NOW, OnLost::Hold, vec![]).unwrap();
    assert_eq!(run.counts().unwrap().failed[&FailureKind::Lost], 1);
    assert_eq!(workspace.desk().retry(NOW, "job", &Selection::Failed).unwrap(), 0);
    assert_eq!(workspace.desk().retry(NOW, "job", &Selection::Kind(FailureKind::Lost)).unwrap(), 1);
    assert_eq!(run.counts().unwrap().queued, 1);
}

fn the_same_manifest_again_changes_nothing(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let again = enqueue(&mut *run, &items(3));
    assert_eq!(again, Enqueued { rows: 3, unchanged: 3, ..Enqueued::default() });
    assert_eq!(run.counts().unwrap().total(), 3);
}

fn an_edited_row_is_taken_where_nothing_was_paid_yet(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(4));
    let claims = claim(&mut *run, NOW, 3);
    let mut attempts = start(&mut *run, claims);
    let due_at = NOW;
    settle(&mut *run, attempts.remove(0), Outcome::Done(artifact()));
    settle(&mut *run, attempts.remove(0), Outcome::Failed(failure(FailureKind::Refused)));
    settle(&mut *run, attempts.remove(0), Outcome::Retry { due_at, failure: failure(FailureKind::Transient) });
    let edited: Vec<Item> = (0..4).map(|n| item(&format!("item-{n}"), &format!("edited {n}"))).collect();
    let enqueued = enqueue(&mut *run, &edited);
    assert_eq!((enqueued.kept, enqueued.updated, enqueued.new), (2, 2, 0));
    let prompts: Vec<String> = claim(&mut *run, NOW, 9).into_iter().map(|claim| claim.item.request.prompt).collect();
    assert_eq!(prompts, ["edited 1", "prompt 2", "edited 3"], "what was tried keeps its request until it ends");
    assert_eq!(run.counts().unwrap().done, 1);
}

fn a_row_that_goes_is_taken_out_and_returns_with_its_row(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(2));
    let without = enqueue(&mut *run, &items(1));
    assert_eq!(without.removed, 1);
    assert_eq!(run.counts().unwrap().cancelled, 1);
    enqueue(&mut *run, &items(2));
    let counts = run.counts().unwrap();
    assert_eq!((counts.queued, counts.cancelled), (2, 0));
    workspace.desk().cancel("job", Some(&[ItemId::new("item-1")])).unwrap();
    enqueue(&mut *run, &items(2));
    assert_eq!(run.counts().unwrap().cancelled, 1, "what a person took out stays out");
}

fn two_rows_with_one_id_or_name_clash(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let mut intake = run.intake(Redo::No).unwrap();
    intake.push(&row(2), &[item("mug", "a")]).unwrap();
    let clash = intake.push(&row(3), &[item("mug", "b")]).unwrap();
    assert_eq!(clash, [Clash { over: ClashOver::Id(ItemId::new("mug")), first_line: 2 }]);
    let same_name = Item { name: "MUG".into(), ..item("cup", "c") };
    let clash = intake.push(&row(4), &[same_name]).unwrap();
    assert_eq!(clash, [Clash { over: ClashOver::Name("MUG".into()), first_line: 2 }]);
    intake.abandon().unwrap();
}

fn rows_without_ids_and_the_same_request_are_one_item(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    let mut intake = run.intake(Redo::No).unwrap();
    let hashed = |line| ManifestRow { has_id: false, ..row(line) };
    for line in 2..5 {
        assert_eq!(intake.push(&hashed(line), &[item("5f1e", "the same")]).unwrap(), []);
    }
    let enqueued = intake.publish(&[], None).unwrap();
    assert_eq!((enqueued.rows, enqueued.new, enqueued.repeated), (3, 1, 2));
    let mut seen = vec![];
    let mut note = |row: overnight::queue::RowRecord| {
        seen.push((row.line, row.items[0].item.id.to_string(), row.items[0].repeated));
        true
    };
    workspace.ledger().rows("job", &mut note).unwrap();
    assert_eq!(seen, [(2, "5f1e".to_owned(), false), (3, "5f1e".to_owned(), true), (4, "5f1e".to_owned(), true)]);
}

fn the_ledger_tells_rows_results_and_failures(workspace: &dyn Workspace) {
    let mut run = workspace.run("job").unwrap();
    enqueue(&mut *run, &items(3));
    let claims = claim(&mut *run, NOW, 3);
    let mut attempts = start(&mut *run, claims);
    let refused =
        Failure { reply: Reply { text: Some("I cannot".into()), ..Reply::default() }, ..failure(FailureKind::Refused) };
    let lost = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, "reset after 17 bytes") };
    run.commit(NOW, Turn { receipts: vec![(attempts[0].id, receipt())], ..turn() }).unwrap();
    settle(&mut *run, attempts.remove(0), Outcome::Done(artifact()));
    settle(&mut *run, attempts.remove(0), Outcome::Failed(refused));
    settle(&mut *run, attempts.remove(0), Outcome::Failed(lost));
    let ledger = workspace.ledger();
    assert_eq!(ledger.columns("job").unwrap(), ["id"]);
    let mut records = vec![];
    let mut note = |row: overnight::queue::RowRecord| {
        assert_eq!(row.cells, [serde_json::Value::from(format!("cell {}", row.line))]);
        records.extend(row.items);
        true
    };
    ledger.rows("job", &mut note).unwrap();
    assert_eq!(records[0].artifact, Some(artifact()));
    assert_eq!(records[0].reply.text.as_deref(), Some("a caption"));
    assert_eq!(records[1].reply.text.as_deref(), Some("I cannot"));
    assert_eq!(records[2].failure, Some((FailureKind::Transient, "reset after 17 bytes".to_owned())));
    let groups = ledger.failures("job").unwrap();
    assert_eq!(groups.len(), 2);
    assert!(groups.iter().all(|group| group.items == 1 && group.examples.len() == 1));
    assert_eq!(ledger.status(NOW, &["job".to_owned()]).unwrap()[0].lost_attempts, 1);
}
