//! What a review of many pictures costs, and what it costs a run that is on: the release binary, asked as the page's script
//! asks it. Never asserts anything.

mod support;

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::json;
use support::child::{Place, measure, peak, spawn};
use support::program::Workspace;
use support::reviewer::{Card, Connection, Review, Screen};
use support::scratch::Scratch;
use support::simulated::Simulator;
use support::{Shared, table};

/// Time, bytes and memory of a review, and whether a run beside it is slower.
#[derive(Parser)]
struct Arguments {
    /// Which to measure: page (a finished job), run (a run with and without somebody reviewing)
    #[arg(long = "case", value_delimiter = ',', default_values = ["page", "run"])]
    cases: Vec<String>,
    /// Items of the finished job
    #[arg(long, default_value_t = 10_000)]
    items: u64,
    /// How often each page is asked for
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Draw its pictures in full, 1,024 pixels a side, instead of at a sixteenth
    #[arg(long)]
    whole: bool,
    /// Pairs of runs, one without and one with somebody who reviews
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Items of each of these runs
    #[arg(long, default_value_t = 1_000)]
    run_items: u64,
    /// How long an answer takes in these, in milliseconds
    #[arg(long, default_value_t = 2000)]
    latency: u64,
    /// Requests in flight in these
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    #[command(flatten)]
    shared: Shared,
}

/// Bytes that a picture, its small one and its row take, with some to spare.
const SMALL: u64 = 12_000;
const WHOLE: u64 = 150_000;
/// Connections that a browser opens to one server.
const CONNECTIONS: usize = 6;
/// How often the page asks what is new.
const EVERY: Duration = Duration::from_millis(1500);

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        for case in &arguments.cases {
            match case.as_str() {
                "page" => page(&arguments)?,
                "run" => beside_a_run(&arguments)?,
                other => anyhow::bail!("{other} is no case: there are page and run"),
            }
        }
        Ok(())
    })
}

/// A finished job, gone through from the first card to the last.
fn page(arguments: &Arguments) -> anyhow::Result<()> {
    let bytes = if arguments.whole { WHOLE } else { SMALL };
    let scratch = Scratch::new(&arguments.shared.scratch, arguments.items * bytes)?;
    let workspace = Workspace::new(&scratch, arguments.items, true)?;
    let words: Vec<String> = (!arguments.whole).then(|| "--small-pictures".to_owned()).into_iter().collect();
    measure(&mut workspace.run(Simulator::start(&words)?.port, 64), Place::Anywhere)?;
    println!("\nreview: the page of {} items", arguments.items);
    first_pages(arguments, &workspace)?;
    let review = Review::start(&workspace.database())?;
    let mut connection = review.connect()?;
    let (_, first) = connection.page()?;
    asked(arguments, &mut connection, &first)?;
    table::line("the largest resident set so far", &megabytes_of(&review));
    let screens = screens(&mut connection, &first)?;
    let cards: Vec<Card> = screens.into_iter().flatten().collect();
    small_pictures(&review, &cards, "made")?;
    table::line("the largest resident set, all of them made", &megabytes_of(&review));
    small_pictures(&review, &cards, "there already")?;
    table::line("the largest resident set at the end", &megabytes_of(&review));
    Ok(())
}

/// The first page of a review that has just begun, and again.
fn first_pages(arguments: &Arguments, workspace: &Workspace) -> anyhow::Result<()> {
    let (mut begun, mut cold, mut warm, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..arguments.rounds {
        let start = Instant::now();
        let review = Review::start(&workspace.database())?;
        begun.push(start.elapsed().as_secs_f64());
        let mut connection = review.connect()?;
        let (answer, _) = connection.page()?;
        cold.push(answer.took.as_secs_f64());
        bytes = answer.bytes;
        warm.push(connection.page()?.0.took.as_secs_f64());
    }
    table::line("from its start until somebody is let in", &format!("{} s", table::spread(&begun)));
    table::line("the first page", &format!("{} s", table::spread(&cold)));
    table::line("the same again", &format!("{} s", table::spread(&warm)));
    table::line("its bytes, without pictures", &table::megabytes(bytes as u64));
    Ok(())
}

/// What is searched for, and what is new where nothing is.
fn asked(arguments: &Arguments, connection: &mut Connection, first: &Screen) -> anyhow::Result<()> {
    let wanted =
        [("a word is searched for", "q=light+00"), ("those to decide, newest first", "standing=open&order=newest")];
    for (what, query) in wanted {
        let mut took = Vec::new();
        for _ in 0..arguments.rounds {
            took.push(connection.get(&format!("/found?{query}"))?.took.as_secs_f64());
        }
        table::line(what, &format!("{} s", table::spread(&took)));
    }
    let (mut changed, mut same) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let answer = connection.news(first.view, -1, &first.cards)?;
        changed.push(answer.took.as_secs_f64());
        let news: serde_json::Value = serde_json::from_str(&answer.body)?;
        let change = news["change"].as_i64().unwrap_or_default();
        same.push(connection.news(first.view, change, &first.cards)?.took.as_secs_f64());
    }
    table::line("what is new, after something has changed", &format!("{} s", table::spread(&changed)));
    table::line("what is new, where nothing has", &format!("{} s", table::spread(&same)));
    Ok(())
}

/// Every screen, one after the other.
fn screens(connection: &mut Connection, first: &Screen) -> anyhow::Result<Vec<Vec<Card>>> {
    let (mut took, mut bytes, mut screens) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..first.total.div_ceil(first.cards.len().max(1)) {
        let (answer, cards) = connection.screen(first, number)?;
        took.push(answer.took.as_secs_f64());
        bytes.push(answer.bytes as f64 / 1e3);
        screens.push(cards);
    }
    table::line("a further screen", &format!("{} s", table::spread(&took)));
    table::line("its bytes, without pictures", &format!("{} kB", table::spread(&bytes)));
    Ok(screens)
}

/// Every small picture, over as many connections as a browser has.
fn small_pictures(review: &Review, cards: &[Card], how: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    let took = thread::scope(|scope| {
        let share = cards.len().div_ceil(CONNECTIONS).max(1);
        let fetch = |cards: &[Card]| -> anyhow::Result<Vec<f64>> {
            let mut connection = review.connect()?;
            let answers = cards.iter().map(|card| connection.thumbnail(card));
            answers.filter_map(Result::transpose).map(|answer| Ok(answer?.took.as_secs_f64() * 1e3)).collect()
        };
        let threads: Vec<_> = cards.chunks(share).map(|cards| scope.spawn(move || fetch(cards))).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let took: anyhow::Result<Vec<Vec<f64>>> =
        took.into_iter().map(|took| took.map_err(|_| anyhow::anyhow!("a connection broke off"))?).collect();
    let took = took?.concat();
    let rate = took.len() as f64 / start.elapsed().as_secs_f64();
    table::line(
        &format!("a small picture, {how}"),
        &format!("{} ms, {} a second", table::spread(&took), table::number(rate)),
    );
    Ok(())
}

fn megabytes_of(review: &Review) -> String {
    table::megabytes(peak(review.id()).unwrap_or(0))
}

/// Runs with and without somebody who reviews what comes, one after the other.
fn beside_a_run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { run_items, latency, in_flight, pairs, .. } = arguments;
    println!("\nreview: beside a run of {run_items} items, {in_flight} in flight, {latency} ms of latency");
    let (mut without, mut with, mut acts) = (Vec::new(), Vec::new(), 0);
    for pair in 0..*pairs {
        // Who goes first takes turns.
        for is_reviewed in [pair % 2 == 1, pair % 2 == 0] {
            let (seconds, done) = run(arguments, is_reviewed)?;
            if is_reviewed { &mut with } else { &mut without }.push(seconds);
            acts += done;
        }
    }
    table::line("without a review", &format!("{} s", table::spread(&without)));
    table::line("with one", &format!("{} s", table::spread(&with)));
    table::line("what was decided and asked for meanwhile, each time", &(acts / (*pairs as u64).max(1)).to_string());
    table::line("ratio of the medians", &table::number(table::median(&with) / table::median(&without)));
    Ok(())
}

/// How long a run takes, and how much a reviewer did beside it.
fn run(arguments: &Arguments, is_reviewed: bool) -> anyhow::Result<(f64, u64)> {
    let scratch = Scratch::new(&arguments.shared.scratch, arguments.run_items * WHOLE)?;
    let workspace = Workspace::new(&scratch, arguments.run_items, true)?;
    let words = ["--small-pictures", "--latency", &format!("{}ms", arguments.latency)].map(str::to_owned);
    let simulator = Simulator::start(&words)?;
    let mut command = workspace.run(simulator.port, arguments.in_flight);
    let start = Instant::now();
    let mut run = spawn(command.stdin(Stdio::null()).stdout(Stdio::null()), Place::Anywhere)?;
    let is_over = AtomicBool::new(false);
    let (seconds, done) = thread::scope(|scope| {
        let reviewing = is_reviewed.then(|| scope.spawn(|| reviewed(&workspace, &is_over)));
        let status = run.wait();
        let seconds = start.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        let done = reviewing.map(|reviewing| reviewing.join().map_err(|_| anyhow::anyhow!("the reviewer broke off")));
        anyhow::ensure!(status?.success(), "the run did not end well");
        Ok((seconds, done.transpose()?.transpose()?.unwrap_or_default()))
    })?;
    Ok((seconds, done))
}

/// Somebody who looks at what is there screen by screen, approves, and hears what is new; how much they did.
fn reviewed(workspace: &Workspace, is_over: &AtomicBool) -> anyhow::Result<u64> {
    // The job is in the database when its run has begun.
    let review = loop {
        match Review::start(&workspace.database()) {
            Ok(review) => break review,
            Err(error) if is_over.load(Ordering::Relaxed) => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    };
    let mut connection = review.connect()?;
    let (mut done, mut number) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        let turn = Instant::now();
        let (_, first) = connection.page()?;
        let (_, cards) = connection.screen(&first, number)?;
        for card in &cards {
            done += u64::from(connection.thumbnail(card)?.is_some());
        }
        if let Some(card) = cards.iter().find(|card| card.picture.is_some()) {
            connection.get(&format!("/item/{}?view={}&place={}", card.key, first.view, card.place))?;
            let word = json!({ "items": [card.key], "picture": card.picture, "word": { "decide": "approved" } });
            connection.post("/say", &word)?;
            done += 2;
        }
        connection.news(first.view, -1, &cards)?;
        number = (number + 1) % first.total.div_ceil(first.cards.len().max(1)).max(1);
        thread::sleep(EVERY.saturating_sub(turn.elapsed()));
    }
    Ok(done)
}
