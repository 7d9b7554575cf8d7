//! Tests that need tools beside the program: run by `cargo test --features system-tests --test system`, never by
//! `cargo test` alone. `strace` must be installed and allowed.

mod durable;
mod order;
#[allow(dead_code, reason = "what the other tests use of it")]
#[path = "../it/support"]
mod support {
    pub mod process;
    pub mod simulated;
    pub mod workspace;
}
mod trace;
