//! The folder against the database: whatever stands under a final name is whole and was received, and whatever was
//! received is there. Never opens a file of the database.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::book::{Book, Item};
use crate::support::workspace::{Workspace, files_below, is_picture};

/// Written when a run ends.
const RESULTS: [&str; 3] = ["results.csv", "metadata.jsonl", "index.html"];

/// Checks the files at whatever moment a run was killed. Returns how many of the received images wait in staging.
pub fn check(book: &Book, here: &Workspace) -> u64 {
    let output = here.path("output/list");
    let pictures = pictures_by_hash(&output);
    check_names(book, &output, &pictures);
    book.items.iter().for_each(|item| check_done(item, &output, &pictures));
    assert!(!output.join(".versions").exists(), "a picture was made twice");
    check_results(here);
    waiting(book, &output, &pictures)
}

/// What is recorded as received waits in staging, or has its final name already.
fn waiting(book: &Book, output: &Path, pictures: &HashMap<String, PathBuf>) -> u64 {
    let staging = by_hash(files_below(&output.join(".staging")));
    let received = book.attempts().flat_map(|attempt| attempt.staged());
    let waits = received.filter(|image| !pictures.contains_key(text(&image["blake3"])));
    waits.inspect(|image| assert!(staging.contains_key(text(&image["blake3"])), "{image} is gone")).count() as u64
}

/// The pictures under final names, each whole.
fn pictures_by_hash(output: &Path) -> HashMap<String, PathBuf> {
    let pictures = files_below(output).into_iter().filter(|file| is_picture(file));
    by_hash(pictures.inspect(|file| assert!(is_whole(&fs::read(file).unwrap()), "{} is cut", file.display())).collect())
}

fn by_hash(files: Vec<PathBuf>) -> HashMap<String, PathBuf> {
    files.into_iter().map(|file| (blake3::hash(&fs::read(&file).unwrap()).to_hex().to_string(), file)).collect()
}

/// Ends as its format ends. The server draws no WebP.
fn is_whole(bytes: &[u8]) -> bool {
    let jpeg = bytes.starts_with(b"\xFF\xD8\xFF") && bytes.ends_with(b"\xFF\xD9");
    let png = bytes.starts_with(b"\x89PNG\r\n\x1A\n") && bytes.ends_with(b"\0\0\0\0IEND\xAE\x42\x60\x82");
    (jpeg || png) && imagesize::blob_size(bytes).is_ok()
}

/// Under final names stands nothing but pictures and captions that are recorded as received.
fn check_names(book: &Book, output: &Path, pictures: &HashMap<String, PathBuf>) {
    let published = book.items.iter().flat_map(|item| item.images());
    let received = book.attempts().flat_map(|attempt| attempt.staged());
    let hashes: HashSet<_> = published.chain(received).map(|image| text(&image["blake3"])).collect();
    for (hash, file) in pictures {
        assert!(hashes.contains(hash.as_str()), "{} is not what was received", file.display());
    }
    let replies = book.attempts().filter_map(|attempt| attempt.reply.as_ref()?["text"].as_str());
    let captions: HashSet<_> = replies.map(str::trim).collect();
    for file in files_below(output).iter().filter(|file| !is_picture(file)) {
        let name = file.strip_prefix(output).unwrap().to_str().unwrap();
        let is_caption = || name.ends_with(".txt") && captions.contains(fs::read_to_string(file).unwrap().as_str());
        assert!(RESULTS.contains(&name) || is_caption(), "{name} is neither a caption nor a result");
    }
}

/// What is done has its files, as they are recorded.
fn check_done(item: &Item, output: &Path, pictures: &HashMap<String, PathBuf>) {
    let Some(artifact) = &item.artifact else { return };
    assert!(!item.images().is_empty(), "{item:#?}");
    for image in item.images() {
        let file = output.join(text(&image["file"]));
        assert_eq!(pictures.get(text(&image["blake3"])), Some(&file), "{item:#?}");
        assert_eq!(fs::metadata(&file).unwrap().len(), image["bytes"].as_u64().unwrap(), "{item:#?}");
    }
    if let Some(caption) = artifact["caption"].as_str() {
        let picture = output.join(text(&item.images()[0]["file"]));
        assert_eq!(fs::read_to_string(picture.with_extension("txt")).unwrap(), caption, "{item:#?}");
    }
}

/// Results that are there are whole, and name nothing that is not there.
fn check_results(here: &Workspace) {
    let there = |name: &str| {
        let path = here.path("output/list").join(name);
        path.exists().then(|| fs::read_to_string(path).unwrap())
    };
    if let Some(table) = there("results.csv") {
        let rows = here.read("list.csv").lines().count();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
        assert_eq!(reader.records().map(Result::unwrap).count(), rows);
        assert!(table.ends_with('\n'));
    }
    if let Some(lines) = there("metadata.jsonl") {
        assert!(lines.ends_with('\n'));
        for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let file = here.path("output/list").join(text(&line["file_name"]));
            assert_eq!(blake3::hash(&fs::read(file).unwrap()).to_hex().as_str(), text(&line["blake3"]));
        }
    }
    if let Some(page) = there("index.html") {
        assert!(page.trim_end().ends_with("</html>"));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
