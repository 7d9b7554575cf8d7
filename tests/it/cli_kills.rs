//! `kill -9` at random moments, again and again, beside a server that fails too. Never trusts the program's own word:
//! after each kill the folder and the database are looked at from outside.
//!
//! `OVERNIGHT_TEST_SEED` plays one sequence of kills again, `OVERNIGHT_TEST_KILLS` asks for more of them.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use crate::support::database::Snapshot;
use crate::support::process::Running;
use crate::support::simulated::SimulatorProcess;
use crate::support::workspace::{Workspace, files_below, is_picture};

const KILLS: u64 = 5;
/// So many items for each kill leave something to do until the last.
const ITEMS_A_KILL: u32 = 16;
const FAULTS: &str = "--latency 30ms --jitter 60ms --fail 503=3% --fail cut=2% --fail refused=1%";
const COMMAND: &str = "run list.csv -c 8 --events -";

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn killed_at_random_moments_the_same_command_ends_with_every_item_done_or_refused() {
    let kills = from_environment("OVERNIGHT_TEST_KILLS").unwrap_or(KILLS);
    let seed = from_environment("OVERNIGHT_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("OVERNIGHT_TEST_SEED={seed} OVERNIGHT_TEST_KILLS={kills}");
    let mut random = fastrand::Rng::with_seed(seed);
    let items = ITEMS_A_KILL * u32::try_from(kills + 1).unwrap();
    let here = Workspace::with_list(items);
    let simulator = SimulatorProcess::start(&here, &format!("{FAULTS} --seed {seed}"));
    let mut unrecorded = 0;
    for _ in 0..kills {
        let run = here.overnight(COMMAND).at(&simulator.url()).start();
        kill_at_random(run, &mut random);
        unrecorded += look_from_outside(&here);
    }
    let ended = here.overnight(COMMAND).at(&simulator.url()).end();
    assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
    check_the_end(&here, items.into());
    let again = simulator.stats()["answered_again"].as_i64().unwrap();
    assert!(
        again <= unrecorded,
        "{again} answers were bought again, {unrecorded} requests were in flight at the kills"
    );
}

/// Kills a run some events after its start, and a moment that no event marks after that.
fn kill_at_random(mut run: Running, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(0..36) {
        if run.line().is_none() {
            break;
        }
    }
    let moment = Duration::from_micros(random.u64(0..20_000));
    // Whether a line comes in that time makes no difference.
    let _ = run.line_within(moment);
    run.kill();
}

/// Checks what a kill left, and counts the requests that were sent and not recorded as received.
fn look_from_outside(here: &Workspace) -> i64 {
    let database = here.path("overnight.db");
    if !database.exists() {
        return 0;
    }
    let database = Snapshot::of(&database);
    assert_eq!(database.texts("PRAGMA integrity_check", []), ["ok"]);
    if database.number("SELECT count(*) FROM sqlite_master WHERE name = 'attempts'") == 0 {
        return 0;
    }
    check_pictures(here, &database);
    database.number("SELECT count(*) FROM attempts WHERE state = 'sent'")
}

/// Every picture under a final name is whole, and is one whose receipt was recorded.
fn check_pictures(here: &Workspace, database: &Snapshot) {
    let recorded = "SELECT value ->> 'blake3' FROM items, json_each(artifact, '$.images')
                    UNION SELECT value ->> 'blake3' FROM attempts, json_each(staged)";
    let recorded: HashSet<String> = database.texts(recorded, []).into_iter().collect();
    for file in files_below(&here.path("output/list")).iter().filter(|file| is_picture(file)) {
        let bytes = fs::read(file).unwrap();
        assert!(imagesize::blob_size(&bytes).is_ok(), "{} is no picture", file.display());
        let hash = blake3::hash(&bytes).to_hex().to_string();
        assert!(recorded.contains(&hash), "{} is not what was received", file.display());
    }
}

fn check_the_end(here: &Workspace, items: i64) {
    let database = Snapshot::of(&here.path("overnight.db"));
    let number = |sql: &str| database.number(&format!("SELECT count(*) FROM {sql}"));
    let done = number("items WHERE state = 'done'");
    let refused = number("items WHERE state = 'failed' AND failure_kind = 'refused'");
    assert_eq!(done + refused, items);
    assert_eq!(number("attempts WHERE state IN ('sent', 'received')"), 0);
    let counted = "(SELECT count(*) FROM attempts WHERE item_key = key AND outcome IN ('done', 'retry', 'failed'))";
    assert_eq!(number(&format!("items WHERE counted <> {counted}")), 0, "a kill cost an item an attempt");
    check_pictures(here, &database);
    let stored = database.texts("SELECT value ->> 'file' FROM items, json_each(artifact, '$.images') ORDER BY 1", []);
    let pictures = here.files("output/list").into_iter().filter(|file| is_picture(file.as_ref()));
    assert_eq!(pictures.collect::<Vec<_>>(), stored);
    assert!(!here.path("output/list/.staging").exists(), "nothing waits in staging");
    assert_eq!(here.read("output/list/results.csv").lines().count() as i64, items + 1);
}
