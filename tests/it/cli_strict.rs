//! Pictures of another shape than was asked for: kept, or none when the job is strict. Never the arithmetic of shapes.

use overnight::simulator::{Drawing, Format, draw};

use crate::support::gemini::{answer, image_part};
use crate::support::server::{Play, Server, json};
use crate::support::workspace::Workspace;

/// An answer with a picture of this size.
fn picture(width: u32, height: u32) -> Play {
    let drawing = Drawing { prompt: "a cup", note: "", width, height, variation: 0 };
    json(200, &answer(&image_part(&draw(&drawing, Format::Png)), "STOP"))
}

fn files_below(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(Result::unwrap).map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[test]
fn a_picture_of_another_shape_is_kept_unless_the_job_is_strict() {
    let (here, server) = (Workspace::with_list(1), Server::start([picture(64, 64)]));
    here.overnight("run list.csv --aspect-ratio 16:9").at(&server.url()).end().exits(0);
    assert_eq!(here.pictures("output/list"), ["item-1"]);
}

#[test]
fn a_strict_job_asks_again_for_a_picture_of_another_shape() {
    let (here, server) = (Workspace::with_list(1), Server::start([picture(64, 64), picture(172, 96)]));
    here.write("night.toml", "manifest = 'list.csv'\nstrict = true\naspect_ratio = '16:9'\n");
    here.overnight("run night.toml").at(&server.url()).end().exits(0);
    assert_eq!(server.seen().len(), 2);
    let status = here.status("night");
    assert_eq!((&status["images"], &status["attempts"]), (&1.into(), &2.into()));
    assert_eq!(status["cost_usd"], 0.0672, "both were paid");
}

#[test]
fn what_a_strict_job_does_not_take_leaves_no_file_behind() {
    let (here, server) = (Workspace::with_list(1), Server::start([picture(64, 64)]));
    let run = here.overnight("run list.csv --strict --max-attempts 1 --aspect-ratio 4:5").at(&server.url());
    run.end().exits(3).says(&["64x64 pixels, which is not 4:5 as asked"]);
    let left = here.files("output/list");
    assert_eq!(left, ["index.html", "metadata.jsonl", "results.csv"]);
    assert_eq!(files_below(&here.path("output/list")), left.len(), "nothing hidden either");
}

#[test]
fn without_a_ratio_every_shape_is_right() {
    let (here, server) = (Workspace::with_list(1), Server::start([picture(64, 20)]));
    here.overnight("run list.csv").at(&server.url()).env("OVERNIGHT_STRICT", "true").end().exits(0);
}
