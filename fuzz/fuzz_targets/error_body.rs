//! Attacks what is made of the replies with which a server gives no picture: whatever they say, a failure with a short
//! message comes of it, and the key does not stand in it. The first byte of an input chooses the status; wherever `KEY`
//! stands in the rest, the server repeats the key. Never asks a server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overnight::provider::gemini::error_fuzz::failure;

const KEY: &str = "AIzaS3cret+over/night=9";

fuzz_target!(|input: &[u8]| {
    let Some((status, body)) = input.split_first() else { return };
    let body = String::from_utf8_lossy(body).replace("KEY", KEY);
    let message = failure(400 + u16::from(*status) % 200, body.as_bytes(), KEY).message;
    assert!(!message.contains(KEY), "{message}");
    assert!(message.chars().count() < 1000 && !message.contains(char::is_control), "{message:?}");
});
