#![doc = include_str!("../docs/architecture.md")]

// In reading order: the words, the stations on the data's way, the engine, those who listen and read, the command line.
pub mod clock;
pub mod domain;
pub mod export;
pub mod job;
pub mod provider;
pub mod queue;
pub mod report;
pub mod run;
pub mod simulator;
pub mod store;
