//! `[accept]`: an answer whose picture fails a check that the job names is none, and is asked for again. Never what a check
//! finds in detail.

use overnight::simulator::{Drawing, Format, draw, plain};

use crate::support::gemini::{answer, image_part};
use crate::support::server::{Play, Server, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::{Workspace, files_below};

const SIDE: u32 = 320;

fn drawn(prompt: &str, side: u32) -> Vec<u8> {
    draw(&Drawing { prompt, note: "", width: side, height: side, variation: 0 }, Format::Png)
}

/// An answer with a caption and these pictures.
fn captioned(picture: &[u8]) -> Play {
    json(200, &answer(&format!(r#"{{"text":"a caption"}},{}"#, image_part(picture)), "STOP"))
}

/// A job of so many items that accepts only what passes these checks.
fn accepting(items: u32, accept: &str) -> Workspace {
    let here = Workspace::with_list(items);
    here.write("night.toml", &format!("manifest = 'list.csv'\n[accept]\n{accept}\n"));
    here
}

/// A job whose prompts tell the simulator what to do.
fn simulated(prompts: &[&str], accept: &str) -> Workspace {
    let here = accepting(0, accept);
    let rows = prompts.iter().enumerate().map(|(number, prompt)| format!("item-{},{prompt}\n", number + 1));
    here.write("list.csv", &format!("id,prompt\n{}", rows.collect::<String>()));
    here
}

/// What `show` tells of the first item, on one line.
fn story(here: &Workspace) -> String {
    let told = here.overnight("show night item-1").end().exits(0).stdout;
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_blank_picture_is_asked_for_again_and_the_ledger_counts_both() {
    let (here, simulator) = (simulated(&["a cup [[simulate:blank ok]]"], "blank = true"), Simulated::start());
    here.overnight("run night.toml").at(&simulator.url()).end().exits(0);
    assert_eq!(here.pictures("output/night"), ["item-1"]);
    assert_eq!(simulator.stats().requests, 2);
    let status = here.status("night");
    assert_eq!((&status["images"], &status["attempts"]), (&1.into(), &2.into()));
    assert_eq!(status["cost_usd"], 0.0672, "both were paid");
    let ledger = here.overnight("ledger night --format json").end().exits(0).json();
    let attempts: u64 = ledger["lines"].as_array().unwrap().iter().map(|line| line["attempts"].as_u64().unwrap()).sum();
    assert_eq!(attempts, 2, "{ledger}");
}

#[test]
fn what_is_blank_every_time_fails_in_the_end_and_the_results_tell_why() {
    let (here, simulator) = (simulated(&["a cup [[simulate:blank]]"], "blank = true"), Simulated::start());
    here.overnight("run night.toml").at(&simulator.url()).end().exits(3).says(&["the answer's picture is blank"]);
    assert_eq!(simulator.stats().requests, 3, "each is paid");
    assert!(here.read("output/night/results.csv").contains("leave `blank` out of [accept]"));
    let left = here.files("output/night");
    assert_eq!(files_below(&here.path("output/night")).len(), left.len(), "nothing hidden: {left:?}");
}

#[test]
fn without_a_word_everything_is_kept_and_no_picture_is_decoded() {
    let (here, simulator) =
        (simulated(&["a cup [[simulate:blank]]", "a mug [[simulate:tiny]]"], ""), Simulated::start());
    here.overnight("run night.toml").at(&simulator.url()).end().exits(0);
    assert_eq!((here.pictures("output/night").len(), simulator.stats().requests), (2, 2));
    // Whoever looks at the pixels of this one complains.
    let (here, server) = (accepting(1, "shape = true\ntiny = true"), Server::start([captioned(&spoiled())]));
    here.overnight("run night.toml").at(&server.url()).end().exits(0).never_says("looked at");
}

/// A picture with its beginning and its end, and nothing of use between.
fn spoiled() -> Vec<u8> {
    let mut picture = drawn("a cup", SIDE);
    let length = picture.len();
    picture[200..length - 200].fill(0xAA);
    picture
}

#[test]
fn a_picture_that_nobody_can_look_at_is_kept_and_told() {
    let (here, server) = (accepting(1, "blank = true"), Server::start([captioned(&spoiled())]));
    let run = here.overnight("run night.toml").at(&server.url()).end().exits(0);
    run.says(&["the picture of item-1 could not be looked at, and is kept"]);
    assert_eq!((here.pictures("output/night").len(), server.seen().len()), (1, 1));
}

#[test]
fn a_picture_that_another_item_has_is_asked_for_again_also_when_both_come_at_once() {
    let (cup, mug) = (drawn("a red cup", SIDE), drawn("a blue bottle", SIDE));
    let (here, server) = (accepting(2, "duplicate = true"), Server::start([&cup, &cup, &mug].map(|it| captioned(it))));
    here.overnight("run night.toml").at(&server.url()).end().exits(0);
    assert_eq!(server.seen().len(), 3);
    let kept = here.files("output/night").into_iter().filter(|file| file.ends_with(".png"));
    let mut kept: Vec<_> = kept.map(|file| std::fs::read(here.path("output/night").join(file)).unwrap()).collect();
    kept.sort();
    let mut both = vec![cup, mug];
    both.sort();
    assert!(kept == both, "each once");
}

#[test]
fn a_picture_that_an_earlier_run_made_for_another_item_is_asked_for_again() {
    let (cup, mug) = (drawn("a red cup", SIDE), drawn("a blue bottle", SIDE));
    let (here, server) = (accepting(2, "duplicate = true"), Server::start([&cup, &cup, &mug].map(|it| captioned(it))));
    here.overnight("run night.toml --limit 1").at(&server.url()).end().exits(5);
    here.overnight("run night.toml").at(&server.url()).end().exits(0);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_reference_that_comes_back_is_no_picture_in_whatever_size() {
    let (here, server) = (
        Workspace::new(),
        Server::start([captioned(&drawn("a red cup", SIDE)), captioned(&drawn("a blue bottle", SIDE))]),
    );
    std::fs::write(here.path("cup.png"), drawn("a red cup", 2 * SIDE)).unwrap();
    here.write("list.csv", "id,prompt,images\nitem-1,on a table,cup.png\n");
    here.write("night.toml", "manifest = 'list.csv'\n[accept]\nunchanged = true\n");
    here.overnight("run night.toml").at(&server.url()).end().exits(0);
    assert_eq!(server.seen().len(), 2);
    let story = story(&here);
    assert!(story.contains("nearly the same as reference image 1"), "{story}");
}

#[test]
fn a_stamp_is_no_picture_and_neither_is_one_without_its_caption() {
    let picture = drawn("a cup", SIDE);
    let silent = json(200, &answer(&image_part(&picture), "STOP"));
    let plays = [captioned(&drawn("a cup", SIDE - 1)), silent, captioned(&picture)];
    let (here, server) = (accepting(1, &format!("tiny = {SIDE}\nuncaptioned = true")), Server::start(plays));
    here.overnight("run night.toml").at(&server.url()).end().exits(0);
    assert_eq!(server.seen().len(), 3);
    let story = story(&here);
    for words in ["319x319 pixels, and the shorter side must have 320", "a picture and no caption"] {
        assert!(story.contains(words), "{words}: {story}");
    }
}

#[test]
fn a_shape_may_be_demanded_here_too_and_the_option_wins() {
    let square = || Server::start([captioned(&plain(SIDE, SIDE, 9, Format::Png))]);
    let (here, server) = (accepting(1, "shape = true"), square());
    let run = |server: &Server, more| {
        let run = here.overnight(&format!("run night.toml --max-attempts 1 --aspect-ratio 16:9{more}"));
        run.at(&server.url()).end()
    };
    run(&server, "").exits(3).says(&["320x320 pixels, which is not 16:9 as asked"]);
    here.overnight("retry night").end().exits(0);
    run(&square(), " --strict=false").exits(0);
}

#[test]
fn a_faulty_table_is_told_by_whoever_reads_the_job() {
    let here = accepting(1, "blnk = true");
    for (command, code) in [("plan", 2), ("run", 2), ("doctor", 1)] {
        let ended = here.overnight(&format!("{command} night.toml")).end().exits(code);
        let told = ended.stdout + &ended.stderr;
        assert!(told.contains("night.toml:3:1") && told.contains("did you mean `blank`?"), "{command}: {told}");
    }
}

#[test]
fn no_two_products_of_the_demonstration_are_twins_but_variants_of_one_may_be() {
    let here = Workspace::new();
    let jobs = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs");
    let all = "shape = true\ntiny = true\nblank = true\nduplicate = true\nunchanged = true\nuncaptioned = true";
    here.write("night.toml", &format!("manifest = '{jobs}/demo/products.csv'\nrehearse = true\n[accept]\n{all}\n"));
    let run = here.overnight("run night.toml --events -").end().exits(0);
    let again = run.events_of("attempt_ended").into_iter().filter(|event| event["outcome"] != "done");
    for event in again {
        let twins = event["message"].as_str().unwrap().contains("nearly the same as that of shirt-orange-");
        assert!(twins && event["item"].as_str().unwrap().starts_with("shirt-orange-"), "{event}");
    }
}
