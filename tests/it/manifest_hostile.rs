//! Lists that were made to do harm, or look so: each is refused in a moment and in little memory, with what to do.

use std::fmt::Write as _;
use std::time::Duration;

use crate::manifest::open;
use crate::support::work::is_little_work;

/// Everything that is wrong with a list, found in a moment.
fn faults(name: &str, text: impl AsRef<[u8]>) -> Vec<String> {
    let (_folder, manifest) = open(name, text);
    let faults = manifest.filter_map(Result::err).flat_map(|bad| bad.faults);
    is_little_work(Duration::from_secs(20), name, || faults.map(|fault| fault.to_string()).collect())
}

/// `"n0":0,"n1":0…`
fn keys(count: usize) -> String {
    let mut keys = String::new();
    (0..count).for_each(|number| write!(keys, "\"n{number}\":0,").unwrap());
    keys.trim_end_matches(',').to_owned()
}

#[test]
fn a_line_of_millions_of_values_is_refused_before_they_are_in_memory() {
    let expected = ["p.jsonl:1: this line holds more than 100000 values; take some out"];
    assert_eq!(faults("p.jsonl", format!("{{\"prompt\":\"p\",\"x\":[{}0]}}", "0,".repeat(4_000_000))), expected);
    assert_eq!(faults("p.jsonl", format!("{{\"prompt\":\"p\",\"x\":[{}0]}}", "[],".repeat(2_000_000))), expected);
    assert_eq!(faults("p.jsonl", format!("{{\"prompt\":\"p\",{}}}", keys(1_000_000))), expected);
    let text = "\\\",[{".repeat(200_000);
    assert!(
        faults("p.jsonl", format!("{{\"prompt\":\"p\",\"x\":\"{text}\"}}")).is_empty(),
        "what a text holds is none"
    );
}

#[test]
fn a_line_of_thousands_of_mistakes_is_read_once_and_told_in_part() {
    let padding = "x".repeat(15_000_000);
    let found = faults("p.jsonl", format!("{{\"prompt\":\"p\",\"pad\":\"{padding}\",{}}}", keys(90_000)));
    assert!(found.len() == 100 && found[0].contains("is one key more than the 16384"), "{}", found.len());
    let twice = format!("{{\"prompt\":\"p\"{}}}", ",\"prompt\":1".repeat(90_000));
    assert_eq!(faults("p.jsonl", twice).len(), 100);
    let request = format!("{{\"key\":\"a\",\"request\":{{{}}}}}", keys(90_000));
    let found = faults("p.jsonl", request);
    assert!(found[0].contains("`request` has more than 100 fields"), "{found:?}");
    let found = faults("p.csv", ["prompt\n".as_bytes(), &b"\xFF,".repeat(90_000)].concat());
    assert_eq!(found.len(), 100);
}

#[test]
fn a_million_columns_are_too_many() {
    let header = format!("prompt{}\n", ",x".repeat(999_999));
    let found = faults("p.csv", format!("{header}p\n"));
    assert!(found[0].starts_with("p.csv:1: this row "), "{:?}", &found[0]);
}

#[test]
fn many_variants_of_a_long_prompt_are_too_many() {
    let row = |variants: u32| format!("{{\"prompt\":\"{}\",\"variants\":{variants}}}", "x".repeat(400_000));
    let expected = "`variants`: so many of so long a request take more than 32 MiB; write fewer";
    assert_eq!(faults("p.jsonl", row(1000)), [format!("p.jsonl:1:400025: {expected}")]);
    assert!(faults("p.jsonl", row(50)).is_empty());
}

#[test]
fn a_nesting_without_end_is_told_at_its_place() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for closed in [0, 100_000] {
            let line = format!("{{\"prompt\":\"p\",\"x\":{}1{}}}", open.repeat(90_000), close.repeat(closed));
            let found = faults("p.jsonl", line);
            assert!(found.len() == 1 && found[0].starts_with("p.jsonl:1:"), "{found:?}");
        }
    }
}

#[test]
fn utf_16_without_a_mark_is_recognised_and_nul_is_no_text() {
    for (name, bytes) in [("p.csv", b"p\0r\0o\0m\0".as_slice()), ("p.csv", b"\0p\0r"), ("p.jsonl", b"{\0\"\0")] {
        let found = faults(name, bytes);
        assert!(found.len() == 1 && found[0].contains("1:1: the file is in UTF-16; save it as UTF-8"), "{found:?}");
    }
    assert_eq!(
        faults("p.csv", "prompt,x\np,a\0b\n"),
        ["p.csv:2:3: this cell holds a NUL character, as no text does; save the list anew as text in UTF-8"]
    );
    let escaped = "{\"prompt\":\"a\\u0000b\"}";
    assert_eq!(
        faults("p.jsonl", escaped),
        ["p.jsonl:1:11: `prompt` holds a NUL character, as no text does; take it out"]
    );
}
