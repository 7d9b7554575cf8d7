//! What the tests of the provider share: a provider for a server, a request, answers. Never a test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use overnight::disk::ListFolder;
use overnight::domain::Auth;
use overnight::domain::{AspectRatio, Failure, Request};
use overnight::net::Limits;
use overnight::provider::gemini::{FetchSettings, Gemini, GeminiSettings};
use overnight::provider::{AskError, Generation, Provider};

use crate::support::server::{Play, Server};
use crate::support::sink::Collected;

/// A key that no reply of these tests holds by chance.
pub const KEY: &str = "AIzaSyTest-0verNight_5ecret";

/// Settings for an endpoint, with time-outs that only a hanging server reaches.
pub fn settings(base_url: &str, auth: Auth) -> GeminiSettings {
    GeminiSettings {
        base_url: base_url.to_owned(),
        auth,
        key: Some(KEY.into()),
        headers: Vec::new(),
        ca_file: None,
        references: Arc::new(ListFolder::new(PathBuf::from("."), false)),
        request_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
        in_flight: 16,
        fetch: FetchSettings { limits: Limits::default(), waits: vec![Duration::ZERO; 4] },
    }
}

/// A provider that asks this server.
pub fn provider(server: &Server) -> Gemini {
    Gemini::new(settings(&server.url(), Auth::Header)).unwrap()
}

/// The folder of a list whose links lead nowhere else.
pub fn list_folder(folder: &Path) -> Arc<ListFolder> {
    Arc::new(ListFolder::new(folder.to_owned(), false))
}

/// A provider whose references lie in this folder.
pub fn provider_in(server: &Server, folder: &Path) -> Gemini {
    let settings = GeminiSettings { references: list_folder(folder), ..settings(&server.url(), Auth::Header) };
    Gemini::new(settings).unwrap()
}

/// The model page's request, text to image.
pub fn sunset() -> Request {
    Request {
        aspect_ratio: Some(AspectRatio::R16x9),
        ..Request::new("gemini-3.1-flash-lite-image", "Generate an image of a sunset over mountains")
    }
}

/// Asks once: what came back and what was collected.
pub async fn ask(gemini: &Gemini, request: &Request) -> (Result<Generation, AskError>, Collected) {
    let mut images = Collected::default();
    let result = gemini.generate(request, &mut images).await;
    (result, images)
}

/// Asks a server that plays this once, and expects a failure that leaves nothing behind.
pub async fn fail(play: Play) -> Failure {
    let server = Server::start([play]);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    assert!(images.images.is_empty() && !images.is_open(), "{images:?}");
    match result {
        Err(AskError::Failed(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

/// Asks a server that plays this once, and expects pictures.
pub async fn succeed(play: Play) -> (Generation, Vec<Vec<u8>>) {
    let server = Server::start([play]);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    assert!(!images.is_open());
    (result.unwrap(), images.images)
}

/// Bytes that begin and end like a PNG, with `length` of no meaning between.
pub fn png(length: usize) -> Vec<u8> {
    let noise: Vec<u8> = (0..length).map(|n| (n * 31 % 251) as u8).collect();
    [b"\x89PNG\r\n\x1A\n", &noise[..], b"\0\0\0\0IEND\xAE\x42\x60\x82"].concat()
}

/// Bytes that begin and end like a JPEG.
pub fn jpeg(length: usize) -> Vec<u8> {
    let noise: Vec<u8> = (0..length).map(|n| (n * 17 % 253) as u8).collect();
    [b"\xFF\xD8\xFF\xE0\0\x10JFIF", &noise[..], b"\xFF\xD9"].concat()
}

/// Bytes that begin like a WebP and are as long as they say; an even `length` of no meaning.
pub fn webp(length: usize) -> Vec<u8> {
    let noise: Vec<u8> = (0..length).map(|n| (n * 13 % 249) as u8).collect();
    let riff = u32::try_from(length + 8).unwrap().to_le_bytes();
    [b"RIFF", &riff[..], b"WEBPVP8 ", &noise].concat()
}

/// Plain base64, by another implementation than the provider's.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A whole answer with these parts, as JSON text.
pub fn answer(parts: &str, finish_reason: &str) -> String {
    format!(
        r#"{{"candidates":[{{"content":{{"role":"model","parts":[{parts}]}},"finishReason":"{finish_reason}",
            "index":0}}],
            "usageMetadata":{{"promptTokenCount":9,"candidatesTokenCount":1120,"totalTokenCount":1129}},
            "modelVersion":"gemini-3.1-flash-lite-image","responseId":"r-1"}}"#
    )
}

/// An image part.
pub fn image_part(bytes: &[u8]) -> String {
    let data = base64(bytes);
    format!(r#"{{"inlineData":{{"mimeType":"image/png","data":"{data}"}}}}"#)
}
