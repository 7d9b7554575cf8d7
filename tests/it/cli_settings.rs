//! What a job file and a row can set of a request, from the file to the wire. Never the settings of a run.

use serde_json::{Value, json};

use crate::support::gate::small_picture;
use crate::support::server::{Play, Seen, Server, json as reply};
use crate::support::workspace::Workspace;

/// Pictures enough for whoever asks.
fn pictures() -> [Play; 3] {
    std::array::from_fn(|_| reply(200, &small_picture()))
}

/// A job file with these lines in a workspace whose manifest has one row.
fn job(lines: &str) -> Workspace {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\na,a cup\n");
    here.write("night.toml", &format!("manifest = 'list.csv'\n{lines}"));
    here
}

fn sent(here: &Workspace, words: &str) -> Seen {
    let server = Server::start(pictures());
    here.overnight(&format!("run night.toml -c 1 {words}")).at(&server.url()).env("TEAM", "north").end().exits(0);
    server.only()
}

const EVERYTHING: &str = "system_instruction = 'Plain.'\ntemperature = 1\nseed = -7\n\
    [safety]\nHARM_CATEGORY_HARASSMENT = 'BLOCK_ONLY_HIGH'\nHARM_CATEGORY_DANGEROUS_CONTENT = 'OFF'\n\
    [labels]\nshop = 'north'\n\
    [extra]\nserviceTier = 'flex'\n[extra.generation_config]\ntopP = 0.5\n\
    [headers]\nX-Team = '$TEAM'\nx-price = '$$5'\n";

#[test]
fn everything_a_job_file_sets_reaches_the_wire() {
    let seen = sent(&job(EVERYTHING), "");
    let expected = json!({
        "contents": [{"role": "user", "parts": [{"text": "a cup"}]}],
        "systemInstruction": {"parts": [{"text": "Plain."}]},
        "safetySettings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"},
            {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "threshold": "OFF"}
        ],
        "labels": {"shop": "north"},
        "serviceTier": "flex",
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"imageSize": "1K"},
            "temperature": 1.0,
            "seed": -7,
            "topP": 0.5
        }
    });
    assert_eq!(seen.json(), expected);
    assert_eq!((seen.header("x-team"), seen.header("x-price")), (Some("north"), Some("$5")));
}

#[test]
fn a_job_with_every_setting_can_be_rehearsed() {
    job(EVERYTHING).overnight("run night.toml --rehearse").end().exits(0);
}

#[test]
fn an_option_wins_over_the_job_file() {
    let seen = sent(&job(EVERYTHING), "--system-instruction Bright. --temperature 0.5 --seed -9").json();
    assert_eq!(seen["systemInstruction"]["parts"][0]["text"], "Bright.");
    let config = &seen["generationConfig"];
    assert_eq!((&config["temperature"], &config["seed"]), (&json!(0.5), &json!(-9)));
    let without = sent(&job(EVERYTHING), "--system-instruction=").json();
    assert_eq!(without["systemInstruction"], Value::Null, "an empty one is none");
}

#[test]
fn a_rows_own_settings_win_and_lie_over_the_jobs() {
    let here = job(EVERYTHING);
    let row = json!({"id": "a", "prompt": "a cup", "system_instruction": "Row.", "seed": 3, "labels": {"row": "7"},
        "safety": {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}, "extra": {"generationConfig": {"topK": 4, "topP": 0.25}}});
    here.write("list.jsonl", &row.to_string());
    here.write("night.toml", &format!("manifest = 'list.jsonl'\n{EVERYTHING}"));
    let seen = sent(&here, "").json();
    assert_eq!(seen["systemInstruction"]["parts"][0]["text"], "Row.");
    assert_eq!(seen["labels"], json!({"row": "7", "shop": "north"}));
    assert_eq!(seen["safetySettings"][0]["threshold"], "BLOCK_NONE");
    assert_eq!(seen["safetySettings"].as_array().map(Vec::len), Some(2));
    let config = &seen["generationConfig"];
    assert_eq!((&config["seed"], &config["topK"], &config["topP"]), (&json!(3), &json!(4), &json!(0.25)));
}

#[test]
fn a_csv_cell_holds_a_table_as_json() {
    let here = Workspace::new();
    here.write("list.csv", "prompt,labels,system_instruction\na cup,\"{\"\"shop\"\": \"\"north\"\"}\",Plain.\n");
    let server = Server::start(pictures());
    here.overnight("run list.csv").at(&server.url()).end().exits(0);
    let seen = server.only().json();
    assert_eq!(
        (&seen["labels"]["shop"], &seen["systemInstruction"]["parts"][0]["text"]),
        (&json!("north"), &json!("Plain."))
    );
}

#[test]
fn every_mistake_in_a_rows_tables_is_told_at_its_cell() {
    let here = Workspace::new();
    let rows = "prompt,safety,labels,extra\n\
                a,\"{\"\"harassment\"\": \"\"OFF\"\"}\",sale,\"{\"\"contents\"\": []}\"\n";
    here.write("list.csv", rows);
    here.overnight("run list.csv --rehearse").end().exits(2).says(&[
        "list.csv:2:3: `safety`: `harassment` is not a word of the API here; did you mean `HARM_CATEGORY_HARASSMENT`?",
        "`labels`: write a JSON object here, like {\"name\": \"value\"}; if this column is not meant for the model, rename",
        "`extra`: `contents` cannot be given here: it holds the prompt",
    ]);
}

#[test]
fn every_mistake_in_a_job_files_tables_is_told_at_its_key() {
    let here = job("[safety]\nHARM_CATEGORY_HARASMENT = 'OFF'\nHARM_CATEGORY_JAILBREAK = 'BLOCK'\n\
                    [labels]\nyear = 2026\n[extra]\ncontents = []\nwhen = 2026-11-01\n\
                    [headers]\nAuthorization = 's3cret'\n");
    let ended = here.overnight("run night.toml --rehearse").end().exits(2).says(&[
        "night.toml:3:1: `safety`: `HARM_CATEGORY_HARASMENT` is not a word of the API here; did you mean",
        "night.toml:4:1: `safety`: `BLOCK` is not a",
        "night.toml:6:1: `labels`: the label `year` must be text; put quotes around it",
        "night.toml:8:1: `extra`: `contents` cannot be given here",
        "night.toml:9:1: `extra`: `when`: JSON knows no dates; put quotes around it",
        "night.toml:11:1: `headers`: the header `authorization` is the program's own; the key comes from api_key_env",
    ]);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}

#[test]
fn a_header_whose_variable_is_not_set_is_the_persons_mistake_but_not_in_a_rehearsal() {
    let here = job("[headers]\nx-team = '$OVERNIGHT_NOT_SET'\n");
    let server = Server::start([]);
    let ended = here.overnight("run night.toml").at(&server.url()).end().exits(2);
    ended.says(&["the header `x-team`", "OVERNIGHT_NOT_SET, which is not set"]);
    assert!(server.seen().is_empty());
    here.overnight("run night.toml --rehearse").end().exits(0);
}

#[test]
fn the_value_of_a_header_is_nowhere_though_the_server_repeats_it() {
    let here = job("[headers]\nx-team = '$TEAM'\n");
    let error: Value = json!({"error": {"code": 400, "message": "no team T3am/s3cret, T3am%2Fs3cret", "status": "X"}});
    let server = Server::start([reply(400, &error.to_string())]);
    let run = here.overnight("run night.toml -vvv --events -").at(&server.url()).env("TEAM", "T3am/s3cret");
    let ended = run.end().exits(3).says(&["[header]"]);
    assert_eq!(server.only().header("x-team"), Some("T3am/s3cret"));
    for text in [&ended.stderr, &ended.stdout, &here.read("output/night/results.csv")] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    let database = std::fs::read(here.path("overnight.db")).unwrap();
    assert!(!database.windows(6).any(|window| window == b"s3cret"));
}
