//! Every way a list can reach the program, from the file or the pipe to the pictures. Never tests faulty lists in depth.

use std::io::Write;

use crate::manifest_formats::gzip;
use crate::support::gate::Gate;
use crate::support::gemini::base64;
use crate::support::process::Running;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

const LIST: &str = "id,prompt\ncup,a cup\njug,a jug\n";

#[test]
fn a_list_with_tabs_is_run() {
    let here = Workspace::new();
    here.write("list.tsv", "id\tprompt\tnote\ncup\ta cup, blue\tx\n");
    here.overnight("run list.tsv --rehearse").end().exits(0);
    assert_eq!(here.pictures("output/list-rehearsal"), ["cup"]);
    assert!(here.read("output/list-rehearsal/results.csv").starts_with("id,prompt,note,status,"));
}

#[test]
fn a_compressed_list_is_run_and_found_under_the_name_of_the_plain_one() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    std::fs::write(here.path("list.csv.gz"), gzip(LIST)).unwrap();
    for _ in 0..2 {
        here.overnight("run list.csv.gz").at(&simulator.url()).end().exits(0);
    }
    assert_eq!((here.pictures("output/list").len(), simulator.stats().requests), (2, 2));
    for job in ["list", "list.csv.gz"] {
        assert_eq!(here.status(job)["counts"]["done"], 2);
    }
    std::fs::write(here.path("cut.csv.gz"), &gzip(LIST)[..20]).unwrap();
    let ended = here.overnight("run cut.csv.gz").at(&simulator.url()).end().exits(2);
    ended.says(&["cut.csv.gz:", "its gzip data is cut off", "nothing was queued and nothing was sent"]);
}

#[test]
fn a_list_on_standard_input_is_run_and_may_come_again() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    let run = |list: &[u8]| {
        let run = here.overnight("run - --name spring --manifest-format csv").at(&simulator.url());
        run.fed(list).exits(0)
    };
    run(LIST.as_bytes());
    assert_eq!(here.pictures("output/spring"), ["cup", "jug"]);
    run(&gzip(LIST));
    assert_eq!(simulator.stats().requests, 2, "the same list again is done");
    let ended = run(b"id,prompt\njug,a jug\nhat,a hat\n");
    ended.says(&["1 item without a row any more; pictures stay"]);
    assert_eq!((here.pictures("output/spring").len(), simulator.stats().requests), (3, 3));
    assert_eq!(here.status("spring")["counts"]["done"], 3);
}

#[test]
fn references_of_a_list_on_standard_input_start_at_the_current_directory() {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    let picture = crate::manifest::PNG;
    std::fs::create_dir(here.path("photos")).unwrap();
    std::fs::write(here.path("photos/a.png"), picture).unwrap();
    here.write(
        "jobs/night.toml",
        "manifest = \"-\"\nmanifest_format = \"jsonl\"\nreferences.always = [\"photos/a.png\"]\n",
    );
    let line = r#"{"key":"cup","request":{"contents":[{"parts":[{"text":"a cup"}]}]}}"#;
    here.overnight("run jobs/night.toml").at(&gate.url()).fed(line.as_bytes()).exits(0);
    assert_eq!(here.files("output/night")[0], "cup.png", "the workspace is the job file's");
    let parts = &gate.seen()[0].json()["contents"][0]["parts"];
    assert_eq!(parts[0]["text"], "a cup");
    assert_eq!(parts[1]["inline_data"]["data"], base64(picture));
}

#[test]
fn a_list_that_comes_slowly_keeps_no_other_job_of_its_database_waiting() {
    let here = Workspace::new();
    here.write("other.csv", "id,prompt\njug,a jug\n");
    let gate = Gate::shut();
    gate.open();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut slow = here.overnight("run - --name slow --manifest-format csv").at(&gate.url());
    let slow = Running::start(slow.command(), reader.into());
    for row in ["id,prompt\ncup,a cup\n", "mug,a mug\n"] {
        writer.write_all(row.as_bytes()).unwrap();
        here.overnight("run other.csv").at(&gate.url()).end().exits(0);
    }
    drop(writer);
    slow.end().exits(0);
    assert_eq!(here.pictures("output/slow").len(), 2);
}

#[test]
fn standard_input_without_name_or_format_is_a_mistake_and_touches_nothing() {
    let here = Workspace::new();
    for (words, said) in [
        ("run -", "name it with --name"),
        ("run - --manifest-format csv", "name it with --name"),
        ("run - --name spring", "--manifest-format csv, tsv, jsonl or xlsx"),
        (
            "run - --name spring --manifest-format xml",
            "`xml` is not the format of a manifest; use csv, tsv, jsonl or xlsx",
        ),
    ] {
        here.overnight(words).fed(LIST.as_bytes()).exits(2).says(&[said]);
    }
    assert!(here.files(".").is_empty());
    let run = here.overnight("run - --name spring --manifest-format csv --rehearse");
    run.fed(b"id,prompt\na,\n").exits(2).says(&["<stdin>:2:3: `prompt` is empty", "<stdin>: 1 mistake"]);
    here.write("a.toml", "manifest = \"-\"\nmanifest_format = \"csv\"\n");
    here.write("b.toml", "manifest = \"-\"\nmanifest_format = \"csv\"\n");
    let both = here.overnight("run a.toml b.toml --rehearse").fed(LIST.as_bytes()).exits(2);
    both.says(&["two jobs would read their manifest from standard input"]);
}
