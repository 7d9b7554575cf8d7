//! What the simulator promises. Never tests anything that uses it.
