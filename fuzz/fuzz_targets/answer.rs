//! Attacks the reader of answers: whatever the bytes and wherever the borders of their pieces, it comes to what serde
//! and plain decoding come to over the whole. The first byte of an input says how many of the next are sizes of
//! pieces, used over and over; what follows is the answer. Never asks a server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overnight::provider::gemini::oracle;

fuzz_target!(|input: &[u8]| {
    let Some((count, rest)) = input.split_first() else { return };
    let (sizes, body) = rest.split_at(rest.len().min(usize::from(count % 8)));
    oracle::compare(body, pieces(body, sizes));
});

/// The body in pieces of these sizes; all of it in one where there are none.
fn pieces<'a>(body: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut sizes = sizes.iter().map(|size| usize::from(*size) + 1).cycle();
    let (mut rest, mut pieces) = (body, Vec::new());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
