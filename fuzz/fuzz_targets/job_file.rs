//! Attacks the reader of job files: whatever the text, it gives a job or mistakes, each with its line. Never loads a
//! manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overnight::job::JobFile;

fuzz_target!(|text: &str| {
    let Err(faults) = JobFile::parse(text, "job.toml") else { return };
    assert!(!faults.is_empty());
    let lines = text.lines().count().max(1) as u64;
    for fault in faults {
        assert!((1..=lines + 1).contains(&fault.place.line), "{fault}");
        assert!(!fault.message.is_empty() && !fault.message.contains(char::is_control), "{fault:?}");
    }
});
