#![doc = include_str!("../docs/architecture.md")]

// In reading order: the words, what is asked of the file system, of strange addresses and of pictures, the stations on
// the data's way, those who listen and read, the command line.
pub mod domain;

pub mod disk;
pub mod net;
pub mod reshape;

pub mod clock;
pub mod job;
pub mod provider;
pub mod queue;
pub mod references;
pub mod store;

pub mod run;

pub mod night;

pub mod paper;

pub mod export;
pub mod report;
pub mod review;
pub mod simulator;
pub mod verify;

pub mod hooks;

pub mod cli;
