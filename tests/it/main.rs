//! Every test that `cargo test` runs anywhere, in one binary.

mod support;
