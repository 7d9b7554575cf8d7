//! Tests that need tools beside the program: run by `cargo test --features system-tests --test system`, never by
//! `cargo test` alone. `strace`, `promtool`, `unshare`, `mount`, `ip`, `dpkg`, `debootstrap`, `cron`,
//! `systemd-analyze`, `chromium` and `chromedriver` must be there and allowed.

mod browser;
mod cron;
mod durable;
mod metrics;
mod order;
mod package;
mod schedule;
#[allow(dead_code, reason = "what the other tests use of it")]
#[path = "../it/support"]
mod support {
    pub mod database;
    pub mod gate;
    pub mod gemini;
    pub mod photo;
    pub mod process;
    pub mod schema;
    pub mod scrape;
    pub mod server;
    pub mod simulated;
    pub mod sink;
    pub mod workspace;
}
mod small_disk;
mod systemd;
mod trace;
