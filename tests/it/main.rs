//! Every test that `cargo test` runs anywhere, in one binary.

mod queue_contract;
mod queue_sqlite;
mod simulator;
mod store_contract;
mod store_local;
mod support;
