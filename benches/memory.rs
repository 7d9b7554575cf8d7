//! The program's peak of resident memory, by requests in flight, by items and by the size of the pictures. Never
//! asserts anything.

mod support;

use std::time::Duration;

use clap::Parser;
use support::child::{Place, measure};
use support::program::Workspace;
use support::scratch::Scratch;
use support::server::Server;
use support::{Shared, table};

/// The program's peak of resident memory.
#[derive(Parser)]
struct Arguments {
    /// Requests in flight, one measurement each
    #[arg(long, value_delimiter = ',', default_values_t = [64, 512, 2000])]
    in_flight: Vec<usize>,
    /// Bytes of a picture
    #[arg(long, default_value_t = 1_500_000)]
    size: usize,
    /// How long an answer takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    latency: u64,
    /// Leave out what shows that neither items nor the size of pictures matter
    #[arg(long)]
    brief: bool,
    #[command(flatten)]
    shared: Shared,
}

/// One run of the program.
struct Run {
    items: usize,
    in_flight: usize,
    size: usize,
    latency: Duration,
}

/// What those that vary something else have in flight.
const IN_FLIGHT: usize = 64;
/// Pictures so small that many items fit anywhere.
const SMALL: usize = 20_000;

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        println!("\nmemory: the largest resident set of the program (VmHWM)");
        by_flight(&arguments)?;
        if arguments.brief {
            return Ok(());
        }
        by_items(&arguments)?;
        by_size(&arguments)
    })
}

fn by_flight(arguments: &Arguments) -> anyhow::Result<()> {
    for &in_flight in &arguments.in_flight {
        // Every slot is used again at least once, and the largest fits into a few gigabytes.
        let items = (in_flight * 2).max(256);
        let latency = Duration::from_millis(arguments.latency);
        told(arguments, &Run { items, in_flight, size: arguments.size, latency })?;
    }
    Ok(())
}

fn by_items(arguments: &Arguments) -> anyhow::Result<()> {
    let run = |items| told(arguments, &Run { items, in_flight: IN_FLIGHT, size: SMALL, latency: Duration::ZERO });
    let (few, many) = (run(4_000)?, run(16_000)?);
    table::line("ratio: 4 times the items", &table::number(many as f64 / few as f64));
    Ok(())
}

fn by_size(arguments: &Arguments) -> anyhow::Result<()> {
    let latency = Duration::from_millis(arguments.latency);
    let run = |size| told(arguments, &Run { items: 256, in_flight: IN_FLIGHT, size, latency });
    let (small, large) = (run(arguments.size)?, run(arguments.size * 4)?);
    table::line("ratio: pictures 4 times as large", &table::number(large as f64 / small as f64));
    Ok(())
}

/// Its peak in bytes, told.
fn told(arguments: &Arguments, run: &Run) -> anyhow::Result<u64> {
    let Run { items, in_flight, size, latency } = *run;
    let scratch = Scratch::new(&arguments.shared.scratch, (items * size) as u64)?;
    let workspace = Workspace::new(&scratch, items as u64, true)?;
    let server = Server::start(size, latency, Place::Anywhere)?;
    let used = measure(&mut workspace.run(server.port, in_flight), Place::Anywhere)?;
    let when = if latency.is_zero() { "at once".to_owned() } else { format!("after {}", table::time(latency)) };
    let what = format!("{in_flight} in flight, {items} items of {}, {when}", table::megabytes(size as u64));
    let each = used.peak_bytes as f64 / in_flight as f64 / 1e3;
    table::line(&what, &format!("{} ({each:.0} kB a slot)", table::megabytes(used.peak_bytes)));
    Ok(used.peak_bytes)
}
