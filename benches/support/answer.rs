//! An answer in the shape of the real API, with one picture in it. Never the same bytes for another size, always the
//! same for the same.

use base64::Engine;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
use serde_json::json;

/// A JPEG up to its pixels, as a decoder would find it: the start, then a frame of 1024 × 1024 in grey, then the scan.
const JPEG_START: &[u8] = &[
    0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, // JFIF
    0xFF, 0xC0, 0, 11, 8, 4, 0, 4, 0, 1, 1, 0x11, 0, // frame
    0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, // scan
];
const JPEG_END: &[u8] = &[0xFF, 0xD9];

/// A picture of this many bytes: begun and ended as a JPEG is, noise in between, which nothing compresses.
pub fn picture(bytes: usize) -> Vec<u8> {
    let mut dice = fastrand::Rng::with_seed(bytes as u64);
    let noise = bytes.saturating_sub(JPEG_START.len() + JPEG_END.len());
    // 0xFF would begin a marker.
    let noise = std::iter::repeat_with(|| dice.u8(..0xFF)).take(noise);
    JPEG_START.iter().copied().chain(noise).chain(JPEG_END.iter().copied()).collect()
}

/// How the answer holds a picture; with the widest instructions of this machine.
pub fn base64() -> Simd {
    Simd::standard(PAD)
}

/// The whole HTTP answer, head and body, ready to be sent. The members stand in the API's order.
pub fn response(bytes: usize) -> Vec<u8> {
    let caption = json!("A stoneware mug on light oak, in soft light from the left.");
    let usage = json!({"promptTokenCount": 12, "candidatesTokenCount": 1134, "totalTokenCount": 1146,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]});
    let body = format!(
        "{{\"candidates\": [{{\"content\": {{\"role\": \"model\", \"parts\": [{{\"text\": {caption}}}, {{\"inlineData\": \
         {{\"mimeType\": \"image/jpeg\", \"data\": \"{}\"}}}}]}}, \"finishReason\": \"STOP\", \"index\": 0}}], \
         \"usageMetadata\": {usage}, \"modelVersion\": \"bench\", \"responseId\": \"bench\"}}",
        base64().encode(picture(bytes))
    );
    http(&body)
}

/// This JSON as an HTTP answer over a connection that stays open.
pub fn http(body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}
