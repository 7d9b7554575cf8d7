//! The key appears nowhere: not in the database, events, logs, results or messages, whichever way it travels and
//! whatever the server does with it. Never tests how it travels.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::gate::{Gate, small_picture};
use crate::support::process::Ended;
use crate::support::server::{Play, Seen, Server, http, json, nobody};
use crate::support::workspace::Workspace;

/// A key with characters that addresses and JSON write otherwise.
const SECRET: &str = "AIzaS3cret+over/night=9";
/// What no spelling of it lacks.
const TELLTALE: &str = "S3cret";

/// Every file below a folder, hidden ones too, and every word that was printed.
fn assert_nowhere(here: &Workspace, ended: &Ended) {
    assert!(!ended.stdout.contains(TELLTALE), "{}", ended.stdout);
    assert!(!ended.stderr.contains(TELLTALE), "{}", ended.stderr);
    assert_not_below(&here.path("."));
}

fn assert_not_below(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            assert_not_below(&path);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(TELLTALE.len()).any(|window| window == TELLTALE.as_bytes());
        assert!(!found, "{} holds the key", path.display());
    }
}

/// Whether a request carried the key.
fn carried(seen: &Seen) -> bool {
    format!("{} {:?}", seen.line, seen.headers).contains(TELLTALE)
}

/// What a server might say that was sent the key: in an error of its own, in a caption, in an error of the request.
fn echoes() -> [Play; 3] {
    let query = "AIzaS3cret%2Bover%2Fnight%3D9";
    let words = format!("call to /v1beta?key={query} with {SECRET} and AIzaS3cret+over\\/night=9 failed");
    let error = |code| json(code, &format!(r#"{{"error":{{"code":{code},"message":"{words}","status":"X"}}}}"#));
    let picture = small_picture().replace(r#""parts":["#, &format!(r#""parts":[{{"text":"{words}"}},"#));
    [error(503), json(200, &picture), error(400)]
}

#[test]
fn the_key_is_nowhere_though_the_server_repeats_it_and_everything_is_logged() {
    for auth in ["query", "header", "bearer"] {
        for format in ["text", "json"] {
            let (here, server) = (Workspace::with_list(3), Server::start(echoes()));
            let words = format!(
                "run list.csv -c 1 --max-attempts 1 -vvv --log-format {format} --auth {auth} --events told.jsonl \
                 --log-file told.log"
            );
            let ended = here.overnight(&words).at(&server.url()).env("OVERNIGHT_API_KEY", SECRET).end().exits(3);
            assert_eq!(server.seen().len(), 3);
            assert!(server.seen().iter().all(carried), "{auth}");
            assert!(here.read("told.jsonl").contains("[key]"), "the words came through, without the key");
            assert_nowhere(&here, &ended);
        }
    }
}

#[test]
fn the_key_is_nowhere_after_errors_of_the_connection() {
    for auth in ["query", "header", "bearer"] {
        let cut = Play::ReplyAndClose(http(200, &[], small_picture().as_bytes())[..300].to_vec());
        let moved = Play::Reply(http(302, &[("location", &format!("http://127.0.0.1:1/?key={SECRET}"))], b""));
        let (here, server) = (Workspace::with_list(3), Server::start([cut, Play::Reset, moved]));
        let words = format!("run list.csv -c 1 --max-attempts 1 -vvv --auth {auth} --events -");
        let ended = here.overnight(&words).at(&server.url()).env("OVERNIGHT_API_KEY", SECRET).end().exits(4);
        assert_nowhere(&here, &ended);
    }
}

#[test]
fn the_key_is_nowhere_while_a_run_is_on_nor_after_it_was_killed() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    let words = "run list.csv -c 1 -vvv --auth query --events -";
    let mut run = here.overnight(words).at(&gate.url()).env("OVERNIGHT_API_KEY", SECRET).start();
    gate.open_to(1);
    run.event("attempt_ended");
    gate.wait_for(2);
    assert!(here.path("overnight.db-wal").exists(), "the log of the database is looked at too");
    assert_not_below(&here.path("."));
    let ended = run.kill();
    assert_nowhere(&here, &ended);
}

#[test]
fn the_key_is_nowhere_when_nobody_answers() {
    let (here, (_taken, url)) = (Workspace::with_list(1), nobody());
    let words = "run list.csv --max-attempts 1 -vvv --auth query";
    let ended = here.overnight(words).at(&url).env("OVERNIGHT_API_KEY", SECRET).end().exits(3);
    assert_nowhere(&here, &ended.says(&["no connection"]));
}

#[test]
fn a_key_from_a_file_or_a_command_is_not_shown_either() {
    let elsewhere = Workspace::new();
    elsewhere.write("key.txt", &format!("{SECRET}\n"));
    let file = elsewhere.path("key.txt").display().to_string();
    for source in [["--api-key-file", &file], ["--api-key-command", &format!("cat '{file}'")]] {
        let (here, server) = (Workspace::with_list(1), Server::start([json(200, &small_picture())]));
        let run = here.overnight("run list.csv -vvv --events -").arg(source[0]).arg(source[1]).without_key();
        let ended = run.at(&server.url()).end().exits(0);
        assert!(carried(&server.only()));
        assert_nowhere(&here, &ended);
    }
}

#[test]
fn a_key_that_cannot_be_one_is_refused_without_being_shown() {
    let here = Workspace::with_list(1);
    let bad = format!("{SECRET}\nsecond line");
    let ended = here.overnight("run list.csv -vvv").at("http://192.0.2.1").env("OVERNIGHT_API_KEY", &bad).end();
    assert_nowhere(&here, &ended.exits(2).says(&["OVERNIGHT_API_KEY"]));
}

#[test]
fn a_key_file_that_others_can_read_is_told_once() {
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (here, server) =
        (Workspace::with_list(2), Server::start([json(200, &small_picture()), json(200, &small_picture())]));
    here.write("key.txt", SECRET);
    let run = |words: &str| here.overnight(words).at(&server.url()).without_key().end().exits(5);
    mode(&here.path("key.txt"), 0o640);
    let ended = run("run list.csv --limit 1 --api-key-file key.txt");
    assert_eq!(ended.stderr.matches("others than you can read the key in").count(), 1, "{}", ended.stderr);
    mode(&here.path("key.txt"), 0o600);
    let ended = here.overnight("run list.csv --api-key-file key.txt").at(&server.url()).without_key().end().exits(0);
    assert!(!ended.stderr.contains("can read the key"), "{}", ended.stderr);
}

#[test]
fn the_database_and_what_lies_beside_it_are_for_their_owner_only() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    let modes = |expected: &[&str]| {
        let entries = fs::read_dir(here.path(".")).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries.filter(|entry| entry.file_name().to_string_lossy().contains(".db")).collect();
        files.sort_by_key(|entry| entry.file_name());
        let names: Vec<_> = files.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert_eq!(names, expected);
        for entry in files {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
    };
    let run = here.overnight("run list.csv -c 1").at(&gate.url()).start();
    gate.wait_for(1);
    modes(&[
        "overnight.db",
        "overnight.db-shm",
        "overnight.db-wal",
        "overnight.db.list.ballast",
        "overnight.db.list.lock",
    ]);
    gate.open();
    run.end().exits(0);
    for file in ["overnight.db", "overnight.db.list.lock"] {
        fs::set_permissions(here.path(file), fs::Permissions::from_mode(0o664)).unwrap();
    }
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    modes(&["overnight.db", "overnight.db.list.lock"]);
}

#[test]
fn what_names_no_variable_is_a_fault_of_the_job_before_anything_is_printed_from_it() {
    let here = Workspace::with_list(1);
    let night =
        "manifest = '../list.csv'\napi_key_env = \"A\\nExecStartPre=/bin/false\"\n[schedule]\ncron = '0 22 * * *'\n";
    here.write("jobs/night.toml", night);
    for command in ["plan jobs/night.toml", "schedule --print systemd", "schedule --print crontab"] {
        let ended = here.overnight(command).end().exits(2).says(&["names no environment variable"]);
        assert_eq!(ended.stdout, "", "{command}");
    }
}
