//! Holds the house in shape: which way imports go, how large a function or a file may be, what every file says of
//! itself, and whether the map shows what is there. Never looks at what the code does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which rooms a room may import: only what stands below it, never beside it. `simulator` is the world outside.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("job", &["domain", "disk", "reshape"]),
    ("net", &[]),
    ("reshape", &["domain"]),
    ("disk", &["domain"]),
    ("provider", &["domain", "disk", "net"]),
    ("references", &["domain", "disk", "net", "provider", "reshape"]),
    ("queue", &["domain", "disk"]),
    ("store", &["domain", "disk"]),
    ("run", &["domain", "clock", "provider", "queue", "reshape", "store"]),
    ("night", &["domain", "run"]),
    ("paper", &[]),
    ("export", &["domain", "paper", "queue", "reshape", "store"]),
    ("review", &["domain", "clock", "disk", "net", "paper", "queue", "reshape", "store"]),
    ("verify", &["domain", "queue", "store"]),
    ("report", &["domain"]),
    ("hooks", &["domain", "net", "report"]),
    ("simulator", &[]),
    (
        "cli",
        &[
            "domain",
            "clock",
            "disk",
            "hooks",
            "job",
            "net",
            "provider",
            "queue",
            "references",
            "store",
            "run",
            "night",
            "export",
            "review",
            "verify",
            "report",
            "simulator",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// The folders that implement a contract, and the only file beside them that may name one.
const IMPLEMENTATIONS: &[&str] = &["queue::sqlite", "provider::gemini", "store::local"];
const CHOOSES: &str = "src/cli/open.rs";

const MOST_LINES_A_FILE: usize = 400;
const MOST_LINES_A_FUNCTION: usize = 60;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder: its path from the root, and its text.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Every Rust file there is: the program, its tests, its benches.
fn written_by_hand() -> Vec<(String, String)> {
    ["src", "tests", "benches"].iter().flat_map(|folder| rust_files(folder)).collect()
}

/// The room a file stands in: `src/queue/lock.rs` and `src/queue/mod.rs` in `queue`, `src/clock.rs` in `clock`.
fn room(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap();
    inside.split_once('/').map_or(inside.trim_end_matches(".rs"), |(room, _)| room)
}

/// The rooms a text names, as `crate::room` or `overnight::room`.
fn imported(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = code.flat_map(|line| line.split("crate::").skip(1).chain(line.split("overnight::").skip(1)));
    paths.filter_map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next()).collect()
}

#[test]
fn imports_go_down_never_up_and_never_sideways() {
    let mut wrong = Vec::new();
    for (file, text) in rust_files("src") {
        let (_, below) = FLOORS.iter().find(|(name, _)| *name == room(&file)).expect(&file);
        for import in imported(&text) {
            if import != room(&file) && !below.contains(&import) && FLOORS.iter().any(|(name, _)| *name == import) {
                wrong.push(format!("{file} imports {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_one_file_names_the_implementations() {
    for (file, text) in rust_files("src") {
        for implementation in IMPLEMENTATIONS {
            let inside = file.starts_with(&format!("src/{}", implementation.replace("::", "/")));
            let names = text.contains(&format!("crate::{implementation}"));
            assert!(inside || !names || file == CHOOSES, "{file} names {implementation}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_what_it_never_does() {
    for (file, text) in written_by_hand() {
        let opening: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join(" ");
        if file == "src/lib.rs" {
            assert!(text.starts_with("#![doc = include_str!(\"../docs/architecture.md\")]"));
            continue;
        }
        assert!(opening.len() > 20, "{file} does not say what it is");
        let denies = ["ever", "nothing", "no I/O"].iter().any(|word| opening.contains(word));
        assert!(denies || file.starts_with("tests"), "{file} does not say what it never does: {opening}");
    }
}

#[test]
fn files_hold_one_idea_and_functions_fit_on_a_screen() {
    let mut long = Vec::new();
    for (file, text) in written_by_hand() {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > MOST_LINES_A_FILE {
            long.push(format!("{file}: {} lines", lines.len()));
        }
        long.extend(
            long_functions(&lines).map(|(line, length)| format!("{file}:{line}: a function of {length} lines")),
        );
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// The functions that are too long, by line: formatted code closes each at the indentation it began with.
fn long_functions<'a>(lines: &'a [&str]) -> impl Iterator<Item = (usize, usize)> + 'a {
    lines.iter().enumerate().filter_map(|(start, line)| {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let declares =
            ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(super) fn ", "pub(super) async fn ", "const fn "];
        if !declares.iter().any(|word| code.starts_with(word)) || code.ends_with([';', '}']) {
            return None;
        }
        let close = format!("{indent}}}");
        let length = lines[start..].iter().position(|line| **line == close)? + 1;
        (length > MOST_LINES_A_FUNCTION).then_some((start + 1, length))
    })
}

#[test]
fn the_engine_prints_nothing() {
    for (file, text) in rust_files("src") {
        let prints = ["println!", "eprintln!", "print!(", "dbg!("].iter().any(|word| text.contains(word));
        assert!(!prints, "{file} prints");
    }
}

#[test]
fn the_map_shows_what_is_there() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let map: Vec<&str> =
        page.split("<!-- map -->").nth(1).expect("the map stands between two <!-- map --> marks").lines().collect();
    let mapped: BTreeSet<PathBuf> = map
        .iter()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.contains('/') || word.ends_with(".rs"))
        .map(PathBuf::from)
        .collect();
    for path in &mapped {
        assert!(root().join(path).exists(), "the map shows {}, which is not there", path.display());
    }
    for (file, _) in rust_files("src") {
        let shown = Path::new(&file).ancestors().any(|part| mapped.contains(part));
        assert!(shown, "{file} is in no place that the map shows");
    }
}

#[test]
fn nothing_lies_about_at_the_top() {
    let known =
        ["Cargo.toml", "Cargo.lock", "README.md", "src", "jobs", "migrations", "tests", "docs", "benches", "fuzz"];
    // What a person puts beside it is theirs: only what is kept in the history counts, where there is one.
    let tracked = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let tracked = tracked.map(|output| String::from_utf8(output.stdout).unwrap()).unwrap_or_default();
    for path in tracked.split('\0') {
        let top = path.split('/').next().unwrap();
        assert!(top.is_empty() || top.starts_with('.') || known.contains(&top), "{top} has no place here");
    }
}
