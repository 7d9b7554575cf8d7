//! Attacks the reader of manifests: whatever the bytes, it gives rows or mistakes, each with its place and on one line.
//! The first byte of an input chooses the format; what follows is the manifest. Never sends or queues anything.
#![no_main]

use std::cell::OnceCell;
use std::fs;

use libfuzzer_sys::fuzz_target;
use overnight::job::{Job, Manifest, Options};
use tempfile::TempDir;

const NAMES: [&str; 6] = ["a.csv", "a.tsv", "a.jsonl", "a.csv.gz", "a.tsv.gz", "a.jsonl.gz"];

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Some((name, bytes)) = input.split_first() else { return };
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| TempDir::new().unwrap()).path();
        let name = NAMES[usize::from(*name) % NAMES.len()];
        // A file written over would be flushed to the disk each time.
        fs::remove_file(folder.join(name)).ok();
        fs::write(folder.join(name), bytes).unwrap();
        let job = Job::load(name.as_ref(), &Options::default(), folder).unwrap();
        let mut manifest = Manifest::open(&job).unwrap();
        for bad in manifest.by_ref().filter_map(Result::err) {
            assert!(!bad.faults.is_empty());
            for fault in bad.faults {
                assert!(fault.place.line >= 1 && fault.place.column != Some(0), "{fault}");
                assert!(!fault.message.contains(char::is_control), "{fault:?}");
            }
        }
        manifest.warnings();
    });
});
