//! Holds docs/troubleshooting.md to what the program says, and what it says to the words of people. Never rots.

use std::fs;
use std::path::Path;

use crate::support::workspace::Workspace;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The page with every run of blanks as one, so that its lines may break anywhere.
fn troubleshooting() -> String {
    read("docs/troubleshooting.md").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_fatal_advice_stands_in_the_page() {
    let (page, source) = (troubleshooting(), read("src/provider/gemini/classify.rs"));
    let constants = source.lines().filter(|line| line.starts_with("const ") && line.contains(": &str = \""));
    let advices: Vec<&str> = constants.map(|line| line.split('"').nth(1).unwrap()).collect();
    assert!(advices.len() >= 9, "{advices:?}");
    for advice in advices {
        assert!(page.contains(advice), "docs/troubleshooting.md does not say: {advice}");
    }
}

#[test]
fn every_exit_code_stands_in_the_page() {
    let (page, source) = (troubleshooting(), read("src/cli/exit.rs"));
    let numbers = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => "));
    let numbers: Vec<u8> = numbers.filter_map(|(_, code)| code.trim_end_matches(',').parse().ok()).collect();
    assert!(numbers.len() >= 8, "{numbers:?}");
    for number in numbers {
        assert!(page.contains(&format!("| {number} |")), "docs/troubleshooting.md does not tell of code {number}");
    }
}

#[test]
fn mistakes_are_told_in_the_words_of_people() {
    let here = Workspace::with_list(1);
    here.write("refs.csv", "prompt,images\na mug,~/x.jpg\n");
    here.write("broken.jsonl", "{\"prompt\": nope}\n{\"prompt\": \"x\"\n");
    here.write("values.toml", "manifest = \"list.csv\"\nlimit = 0\nrehearse = 1\n");
    here.write("syntax.toml", "manifest = list.csv\n");
    let told = [
        ("run .", "the folder holds no JPEG, PNG or WebP image"),
        ("run nowhere.csv", "there is no such file"),
        ("run nowhere.toml", "there is no such file"),
        ("run refs.csv", "`~` means your home to a shell only"),
        ("run broken.jsonl", "only true, false and null stand without quotes"),
        ("run values.toml", "write a whole number above 0"),
        ("run syntax.toml", "text stands in quotes"),
        ("run list.csv --limit 0", "write a whole number above 0"),
        ("run list.csv --api-key-file nowhere", "there is no such file"),
        ("run list.csv --rehearse --events nowhere/x", "there is no such file"),
        ("status --db list.csv", "is not an overnight database"),
    ];
    for (words, said) in told {
        let ended = here.overnight(words).end().exits(2).says(&[said]);
        for jargon in ["os error", "nonzero", "expected", "ident", "literal string", "non-zero type", "EOF"] {
            assert!(!ended.stderr.contains(jargon), "{words}: {}", ended.stderr);
        }
    }
}
