//! The program's entry. Never decides anything itself.

fn main() {}
