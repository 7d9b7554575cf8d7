//! The words everyone else speaks: plain data and pure decisions. Never does I/O, never waits, never asks for the time.
