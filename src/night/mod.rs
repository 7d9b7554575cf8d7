//! A night played through in virtual time: what decides in a run, against a model of a server. Never waits, never sends,
//! never asks what time it is.
//!
//! [`play`] takes seconds off a clock of its own, so that a night of a million requests is over at once. The model
//! ([`ServerModel`]) knows of a server what the pace and the retries meet: quotas, latency, faults. It never speaks HTTP:
//! for that there is the simulator.

mod dice;
mod observed;
mod outlook;
mod play;
mod quota;
mod server;

pub use observed::{ENOUGH, Observation, ObservedEnd};
pub use outlook::{Outlook, Spread};
pub use play::{Fare, Minute, Night, Played, play};
pub use quota::{QuotaModel, Shape};
pub use server::{Faults, Latency, ServerModel};
