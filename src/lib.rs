#![doc = include_str!("../docs/architecture.md")]

// In reading order: the words, how files and addresses that others name are opened, the stations on the data's way, those who listen and
// read, the command line.
pub mod domain;

pub mod files;
pub mod net;

pub mod clock;
pub mod job;
pub mod provider;
pub mod queue;
pub mod store;

pub mod run;

pub mod export;
pub mod report;
pub mod simulator;

pub mod cli;
