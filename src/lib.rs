#![doc = include_str!("../docs/architecture.md")]

// In reading order: the words, the stations on the data's way, the engine, the listeners, the command line.
pub mod domain;

pub mod simulator;
