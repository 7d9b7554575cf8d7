//! Every test that `cargo test` runs anywhere, in one binary.

mod engine;
mod export;
mod gemini_answers;
mod gemini_failures;
mod gemini_keys;
mod gemini_refusals;
mod gemini_request;
mod gemini_transport;
mod job;
mod manifest;
mod manifest_faults;
mod queue_contract;
mod queue_sqlite;
mod report_jsonl;
mod report_summary;
mod report_terminal;
mod simulator;
mod store_contract;
mod store_local;
mod support;
mod tidy;
