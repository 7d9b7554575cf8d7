//! Reference images of whole runs: patterns that notice new files, addresses, rehearsals, and pictures that are turned or
//! reduced on their way. Never over any network but loopback.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::gemini::{answer, image_part};
use crate::support::photo::{decoded, on_its_side, photo};
use crate::support::server::{Play, Seen, Server, http, json};
use crate::support::workshop::PIXEL;
use crate::support::workspace::Workspace;

fn good() -> Play {
    json(200, &answer(&image_part(PIXEL), "STOP"))
}

/// The references that a request carried.
fn carried(seen: &Seen) -> Vec<Vec<u8>> {
    let body = seen.json();
    let parts = body["contents"][0]["parts"].as_array().unwrap();
    parts[1..].iter().map(|part| STANDARD.decode(part["inline_data"]["data"].as_str().unwrap()).unwrap()).collect()
}

/// A job whose rows have these cells in `images`, in a workspace with this photo.
fn job(images: &[&str], table: &str, photos: &[(&str, Vec<u8>)]) -> Workspace {
    let here = Workspace::new();
    let rows: String = images.iter().enumerate().map(|(n, cell)| format!("item-{n},a cup,{cell}\n")).collect();
    here.write("list.csv", &format!("id,prompt,images\n{rows}"));
    here.write("job.toml", &format!("manifest = \"list.csv\"\nconcurrency = 1\n[references]\n{table}\n"));
    fs::create_dir(here.path("p")).unwrap();
    photos.iter().for_each(|(name, bytes)| fs::write(here.path(name), bytes).unwrap());
    here
}

#[test]
fn an_address_that_five_items_name_is_fetched_once_and_not_in_the_next_run() {
    let plays = [Play::Reply(http(200, &[], &photo(40, 20)))].into_iter().chain(vec![good(); 6]);
    let server = Server::start(plays);
    let address = format!("{}/cup.jpg", server.url());
    let here = job(&[address.as_str(); 5], "", &[]);
    here.overnight("run job.toml").at(&server.url()).end().exits(0);
    here.write("list.csv", &format!("{}item-5,a jug,{address}\n", here.read("list.csv")));
    here.overnight("run job.toml").at(&server.url()).end().exits(0);
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].line.as_str()), (7, "GET /cup.jpg HTTP/1.1"));
    assert!(seen[1..].iter().all(|request| carried(request) == [photo(40, 20)]));
    assert!(here.path(".overnight/references").is_dir() && !here.path(".overnight-rehearsal").exists());
}

#[test]
fn an_item_whose_address_is_gone_fails_unsent_and_the_others_are_made() {
    let server = Server::start([Play::Reply(http(404, &[], b"gone")), good()]);
    let here = job(&[&format!("{}/cup.jpg", server.url()), "p/jug.jpg"], "", &[("p/jug.jpg", photo(40, 20))]);
    here.overnight("run job.toml")
        .at(&server.url())
        .end()
        .exits(3)
        .says(&["reference image 1: the picture at 127.0.0.1 cannot be had: HTTP 404"]);
    let status = here.status("");
    assert_eq!((&status["counts"]["done"], &status["failed_by_kind"]["rejected"]), (&1.into(), &1.into()));
    assert_eq!((&status["attempts"], &status["lost_attempts"]), (&2.into(), &0.into()));
    let states = Snapshot::of(&here.path("overnight.db")).texts("SELECT state FROM attempts ORDER BY id", []);
    assert_eq!(states, ["unsent", "settled"]);
}

#[test]
fn a_rehearsal_draws_what_addresses_stand_for_and_asks_nobody() {
    let server = Server::start([]);
    let address = format!("{}/cup.jpg", server.url());
    let here = job(&[&address, "https://shop.invalid/jug.jpg", &address], "reduce_to = 64", &[]);
    here.overnight("run job.toml --rehearse").without_key().at(&server.url()).end().exits(0);
    assert_eq!(here.pictures("output/job-rehearsal").len(), 3);
    assert!(server.seen().is_empty());
    let drawn = fs::read_dir(here.path(".overnight-rehearsal/references")).unwrap().count();
    assert_eq!(drawn, 4, "two that were drawn, and two that were reduced");
    assert!(!here.path(".overnight").exists());
}

#[test]
fn a_new_file_that_a_pattern_matches_is_noticed() {
    let gate = Gate::shut();
    gate.open();
    let here = job(&["p/cup*.jpg"; 1], "", &[("p/cup-1.jpg", photo(40, 20)), ("p/jug.jpg", photo(20, 20))]);
    let run = || here.overnight("run job.toml").at(&gate.url()).end().exits(0);
    let revision = || Snapshot::of(&here.path("overnight.db")).number("SELECT max(revision) FROM jobs");
    run();
    run();
    assert_eq!((gate.seen().len(), revision()), (1, 1));
    fs::write(here.path("p/cup-2.jpg"), photo(60, 20)).unwrap();
    run().says(&["1 item kept"]);
    assert_eq!(revision(), 2);
    here.write("list.csv", &here.read("list.csv").replace("item-0", "another"));
    run();
    assert_eq!(carried(&gate.seen()[1]), [photo(40, 20), photo(60, 20)]);
}

#[test]
fn a_photo_on_its_side_is_told_once_and_the_list_is_recognised_all_the_same() {
    let here = job(&["p/side.jpg"], "", &[("p/side.jpg", on_its_side(40, 20))]);
    let run = || here.overnight("run job.toml --rehearse").end().exits(0);
    run().says(&["warning: list.csv:2:14: `images`: `p/side.jpg` lies on its side"]);
    let again = run();
    assert!(!again.stderr.contains("warning"), "{}", again.stderr);
    let database = Snapshot::of(&here.path("overnight-rehearsal.db"));
    assert_eq!(database.number("SELECT max(revision) FROM jobs"), 1);
}

#[test]
fn pictures_are_turned_and_reduced_on_their_way() {
    let gate = Gate::shut();
    gate.open();
    let photos = [("p/side.jpg", on_its_side(200, 100)), ("p/small.jpg", photo(40, 20))];
    let here = job(&["p/side.jpg;p/small.jpg"], "rotate = true\nreduce_to = 64", &photos);
    let ended = here.overnight("run job.toml").at(&gate.url()).end().exits(0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    let sent = carried(&gate.seen()[0]);
    let turned = decoded(&sent[0]);
    assert_eq!((turned.width(), turned.height(), &sent[1]), (32, 64, &photos[1].1));
}

#[test]
fn fetched_pictures_that_make_too_large_a_request_are_not_sent() {
    let photo = [photo(40, 20), vec![0; 6_000_000]].concat();
    let server = Server::start(vec![Play::Reply(http(200, &[], &photo)); 3]);
    let cell = [1, 2, 3].map(|number| format!("{}/{number}.jpg", server.url())).join(";");
    let here = job(&[&cell], "", &[]);
    let told = ["the reference images make a request of 25 MB", "reduce_to = 2048"];
    here.overnight("run job.toml").at(&server.url()).end().exits(3).says(&told);
    assert!(server.seen().iter().all(|seen| seen.line.starts_with("GET ")));
}
