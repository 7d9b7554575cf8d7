//! Pictures a second where every answer takes its time, beside a client that only receives and writes. Never asserts
//! anything.

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use clap::Parser;
use support::child::{Place, Used, helper, measure};
use support::parts::RECEIVE_AND_WRITE;
use support::program::Workspace;
use support::scratch::Scratch;
use support::server::Server;
use support::{Shared, table};

/// Pictures a second, beside a client that only receives and writes.
#[derive(Parser)]
struct Arguments {
    /// Requests in flight, one comparison each
    #[arg(long, value_delimiter = ',', default_values_t = [64, 512])]
    in_flight: Vec<usize>,
    /// So many times the requests in flight are asked for
    #[arg(long, default_value_t = 8)]
    waves: usize,
    /// Bytes of a picture
    #[arg(long, default_value_t = 1_500_000)]
    size: usize,
    /// How long an answer takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    latency: u64,
    /// Measurements of each kind, one kind after the other; the median is told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Let the server and its clients run on every core, instead of on one each
    #[arg(long)]
    anywhere: bool,
    #[command(flatten)]
    shared: Shared,
}

/// Pictures a second.
#[derive(Default)]
struct Figures {
    program: Vec<f64>,
    minimal: Vec<f64>,
    ratios: Vec<f64>,
    program_cpu: Vec<f64>,
    minimal_cpu: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        let size = table::megabytes(arguments.size as u64);
        let Arguments { waves, rounds, latency, .. } = &arguments;
        println!("\nrate: pictures of {size} after {latency} ms, {waves} waves, {rounds} rounds");
        println!("  Pictures a second, from the first request to the last answer: median (least to most)");
        arguments.in_flight.iter().try_for_each(|&in_flight| compare(&arguments, in_flight))
    })
}

fn compare(arguments: &Arguments, in_flight: usize) -> anyhow::Result<()> {
    let mut figures = Figures::default();
    for _ in 0..arguments.rounds {
        let (minimal, minimal_used) = rate(arguments, in_flight, minimal)?;
        let (program, program_used) = rate(arguments, in_flight, program)?;
        figures.minimal.push(minimal);
        figures.program.push(program);
        figures.ratios.push(program / minimal);
        figures.minimal_cpu.push(minimal_used.cpu.as_secs_f64() / minimal_used.wall.as_secs_f64());
        figures.program_cpu.push(program_used.cpu.as_secs_f64() / program_used.wall.as_secs_f64());
    }
    println!("  {in_flight} in flight, {} pictures", in_flight * arguments.waves);
    let most = in_flight as f64 * 1000.0 / arguments.latency.max(1) as f64;
    table::line("  what the latency allows at most", &table::number(most));
    table::line("  the program", &table::spread(&figures.program));
    table::line("  receive and write only", &table::spread(&figures.minimal));
    table::line("  ratio: program / receive and write, within a round", &table::spread(&figures.ratios));
    table::line("  cores used by the program", &table::spread(&figures.program_cpu));
    table::line("  cores used by receive and write", &table::spread(&figures.minimal_cpu));
    Ok(())
}

/// The rate of a client by the server's clock, and what the client used.
fn rate(
    arguments: &Arguments,
    in_flight: usize,
    client: fn(&Scratch, &Server, usize, usize) -> anyhow::Result<Command>,
) -> anyhow::Result<(f64, Used)> {
    let images = in_flight * arguments.waves;
    // A body is as long as its base64.
    let scratch = Scratch::new(&arguments.shared.scratch, (images * arguments.size * 4 / 3) as u64)?;
    let (there, here) =
        if arguments.anywhere { (Place::Anywhere, Place::Anywhere) } else { (Place::FirstCore, Place::SecondCore) };
    let server = Server::start(arguments.size, Duration::from_millis(arguments.latency), there)?;
    let used = measure(&mut client(&scratch, &server, images, in_flight)?, here)?;
    let seen = server.seen()?;
    anyhow::ensure!(seen.answers == images as u64, "{} answers for {images} pictures", seen.answers);
    Ok((images as f64 / seen.took.as_secs_f64(), used))
}

fn program(scratch: &Scratch, server: &Server, images: usize, in_flight: usize) -> anyhow::Result<Command> {
    Ok(Workspace::new(scratch, images as u64, true)?.run(server.port, in_flight))
}

fn minimal(scratch: &Scratch, server: &Server, images: usize, in_flight: usize) -> anyhow::Result<Command> {
    let folder = scratch.join("bodies");
    fs::create_dir(&folder)?;
    let numbers = [server.port.to_string(), images.to_string(), in_flight.to_string()];
    let words: Vec<String> = numbers.into_iter().chain([folder.display().to_string()]).collect();
    helper(RECEIVE_AND_WRITE, &words)
}
