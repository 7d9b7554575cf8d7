//! Processor time for a thousand pictures, beside the sum of what nobody can do without. Never asserts anything.

mod support;

use std::fs;
use std::time::Duration;

use clap::Parser;
use support::child::{Place, measure};
use support::parts::{self, DECODE_BASE64, HASH, RECEIVE, WRITE};
use support::program::Workspace;
use support::scratch::Scratch;
use support::server::Server;
use support::{Shared, table};

/// Processor time for a thousand pictures, beside the sum of what nobody can do without.
#[derive(Parser)]
struct Arguments {
    /// Pictures in each measurement
    #[arg(long, default_value_t = 1000)]
    images: usize,
    /// Bytes of a picture
    #[arg(long, default_value_t = 1_500_000)]
    size: usize,
    /// Requests in flight
    #[arg(long, default_value_t = 32)]
    in_flight: usize,
    /// Measurements of each kind, one kind after the other; the median is told
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    shared: Shared,
}

/// Seconds of processor time for a thousand pictures.
#[derive(Default)]
struct Figures {
    program: Vec<f64>,
    parts: [Vec<f64>; PARTS.len()],
    sums: Vec<f64>,
    ratios: Vec<f64>,
    servers: Vec<f64>,
}

const PARTS: [(&str, &str); 4] = [
    (RECEIVE, "receive and drop"),
    (DECODE_BASE64, "decode base64"),
    (HASH, "hash with BLAKE3"),
    (WRITE, "write new files"),
];

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        let mut figures = Figures::default();
        for _ in 0..arguments.rounds {
            round(&arguments, &mut figures)?;
        }
        tell(&arguments, &figures);
        Ok(())
    })
}

fn round(arguments: &Arguments, figures: &mut Figures) -> anyhow::Result<()> {
    let per_thousand = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / arguments.images as f64;
    let (program, server) = program(arguments)?;
    figures.program.push(per_thousand(program));
    figures.servers.push(per_thousand(server));
    let mut sum = 0.0;
    for ((role, _), figures) in PARTS.iter().zip(&mut figures.parts) {
        let seconds = per_thousand(part(arguments, role)?);
        figures.push(seconds);
        sum += seconds;
    }
    figures.sums.push(sum);
    figures.ratios.push(per_thousand(program) / sum);
    Ok(())
}

/// The program's processor time from its start to its end, and the server's.
fn program(arguments: &Arguments) -> anyhow::Result<(Duration, Duration)> {
    let scratch = Scratch::new(&arguments.shared.scratch, (arguments.images * arguments.size) as u64)?;
    let workspace = Workspace::new(&scratch, arguments.images as u64, true)?;
    let server = Server::start(arguments.size, Duration::ZERO, Place::FirstCore)?;
    let used = measure(&mut workspace.run(server.port, arguments.in_flight), Place::SecondCore)?;
    let answers = server.seen()?.answers;
    anyhow::ensure!(answers == arguments.images as u64, "{answers} answers for {} pictures", arguments.images);
    Ok((used.cpu, server.cpu()?))
}

fn part(arguments: &Arguments, role: &str) -> anyhow::Result<Duration> {
    let (images, size) = (arguments.images, arguments.size);
    let words = |words: &[String]| parts::cpu(role, words, Place::SecondCore);
    match role {
        RECEIVE => {
            let server = Server::start(size, Duration::ZERO, Place::FirstCore)?;
            words(&[server.port.to_string(), images.to_string(), arguments.in_flight.to_string()])
        }
        WRITE => {
            let scratch = Scratch::new(&arguments.shared.scratch, (images * size) as u64)?;
            let folder = scratch.join("pictures");
            fs::create_dir(&folder)?;
            words(&[size.to_string(), images.to_string(), folder.display().to_string()])
        }
        _ => words(&[size.to_string(), images.to_string()]),
    }
}

fn tell(arguments: &Arguments, figures: &Figures) {
    let Arguments { images, in_flight, rounds, .. } = arguments;
    let size = table::megabytes(arguments.size as u64);
    println!("\ncpu: {images} pictures of {size}, {in_flight} in flight, {rounds} rounds");
    println!("  Seconds of processor time for 1,000 pictures: median (least to most)");
    table::line("the program, from its start to its end", &table::spread(&figures.program));
    for ((_, what), figures) in PARTS.iter().zip(&figures.parts) {
        table::line(what, &table::spread(figures));
    }
    table::line("sum of the parts", &table::spread(&figures.sums));
    table::line("ratio: program / sum of the parts, within a round", &table::spread(&figures.ratios));
    table::line("beside them, the server on the other core", &table::spread(&figures.servers));
}
