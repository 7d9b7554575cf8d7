//! Every test that `cargo test` runs anywhere, in one binary.

mod queue_contract;
mod queue_sqlite;
mod simulator;
mod support;
