//! What a manifest of a hundred thousand rows with every kind of mistake costs to be told of: seconds, memory, and whether
//! all of it was told. Never sends a request.

#[path = "../tests/it/support/faulty.rs"]
mod faulty;
mod support;

use std::fs;

use clap::Parser;
use faulty::{Expected, Faulty};
use support::child::measure_told;
use support::program::plan;
use support::scratch::Scratch;
use support::{Shared, table};

/// What a faulty manifest costs.
#[derive(Parser)]
struct Arguments {
    /// Rows of each manifest
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// How often each kind of mistake stands in it
    #[arg(long, default_value_t = 50)]
    times: usize,
    /// How often each is read
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    shared: Shared,
}

/// Bytes that a row takes at most, beside the few rows that are too long.
const BYTES_A_ROW: u64 = 300;
const LARGE: u64 = 100 << 20;

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        println!("\nmanifest: `overnight plan --json` of {} rows with mistakes", arguments.rows);
        told(&arguments, "CSV", "list.csv", &Faulty::csv(arguments.rows, arguments.times))?;
        told(&arguments, "JSON Lines", "list.jsonl", &Faulty::json_lines(arguments.rows, arguments.times))
    })
}

fn told(arguments: &Arguments, format: &str, name: &str, faulty: &Faulty) -> anyhow::Result<()> {
    let scratch = Scratch::new(&arguments.shared.scratch, arguments.rows as u64 * BYTES_A_ROW + LARGE)?;
    faulty::lay_out(scratch.path())?;
    let manifest = scratch.join("list").join(name);
    fs::write(&manifest, &faulty.bytes)?;
    let (mut seconds, mut peak, mut right) = (Vec::new(), 0, 0);
    for _ in 0..arguments.rounds {
        let (used, document) = measure_told(&mut plan(&manifest))?;
        seconds.push(used.wall.as_secs_f64());
        peak = peak.max(used.peak_bytes);
        right = rightly_told(&document, &faulty.expected)?;
    }
    table::line(
        &format!("{format}, {}", table::megabytes(faulty.bytes.len() as u64)),
        &format!("{} s", table::spread(&seconds)),
    );
    table::line("  the largest resident set", &table::megabytes(peak));
    let planted = faulty.expected.len();
    table::line(
        &format!("  told of {planted} mistakes of {} kinds, each at its place", faulty.kinds),
        &right.to_string(),
    );
    Ok(())
}

/// How many mistakes were told where they were planted; that others were told is an error.
fn rightly_told(document: &str, expected: &[Expected]) -> anyhow::Result<usize> {
    let document: serde_json::Value = serde_json::from_str(document)?;
    let told = document["problems"].as_array().map_or(&[][..], Vec::as_slice);
    let place = |told: &serde_json::Value| (told["line"].as_u64().unwrap_or(0), told["column"].as_u64());
    let mut places: Vec<_> = told.iter().map(place).collect();
    places.sort_unstable();
    let right = expected.iter().filter(|planted| places.binary_search(&(planted.line, planted.column)).is_ok()).count();
    anyhow::ensure!(told.len() <= expected.len(), "{} mistakes were told, {} planted", told.len(), expected.len());
    Ok(right)
}
