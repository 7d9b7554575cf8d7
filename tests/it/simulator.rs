//! What the simulator promises. Never tests anything that uses it.

mod answers;
mod counts;
mod door;
mod faults;
mod keys;
mod links;
mod oddities;
mod strictness;
mod words;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use overnight::simulator::{Drawing, Fault, Faults, Format, Settings, Simulator, draw};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response};
use serde_json::{Value, json};

const MODEL_PATH: &str = "/v1beta/models/gemini-3.1-flash-lite-image:generateContent";

/// A client that neither retries nor minds a proxy.
fn client() -> Client {
    client_builder().build().unwrap()
}

/// One that also takes what comes as it is: it neither follows nor unpacks.
fn plain_client() -> Client {
    client_builder().redirect(reqwest::redirect::Policy::none()).no_gzip().build().unwrap()
}

fn client_builder() -> ClientBuilder {
    // Installed already by another test of this process, it is just as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().retry(reqwest::retry::never())
}

async fn start(settings: Settings) -> Simulator {
    Simulator::start(settings).await.unwrap()
}

async fn start_with_faults(faults: &[&str]) -> Simulator {
    let faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap());
    start(Settings { faults: Faults::new(faults).unwrap(), ..Settings::default() }).await
}

/// The shortest valid request for a picture of `prompt`.
fn request(prompt: &str) -> Value {
    json!({"contents": [{"parts": [{"text": prompt}]}], "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}})
}

fn post(simulator: &Simulator, body: &Value) -> RequestBuilder {
    post_with(&client(), simulator, body)
}

fn post_with(client: &Client, simulator: &Simulator, body: &Value) -> RequestBuilder {
    let url = format!("{}{MODEL_PATH}", simulator.base_url());
    client.post(url).header("x-goog-api-key", "a key").body(body.to_string())
}

/// Sends a request and reads the whole answer.
async fn ask(simulator: &Simulator, body: &Value) -> (u16, Value) {
    read(post(simulator, body).send().await.unwrap()).await
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

/// The first picture of an answer: its declared type and its bytes.
fn picture(answer: &Value) -> (String, Vec<u8>) {
    let parts = answer["candidates"][0]["content"]["parts"].as_array().expect("an answer with parts");
    let image = parts.iter().map(|part| &part["inlineData"]).find(|image| image.is_object()).expect("a picture");
    let bytes = STANDARD.decode(image["data"].as_str().unwrap()).unwrap();
    (image["mimeType"].as_str().unwrap().to_owned(), bytes)
}

/// A small reference image, as the protocol carries it.
fn reference(width: u32, height: u32) -> String {
    let drawing = Drawing { prompt: "a reference", note: "", width, height, variation: 0 };
    STANDARD.encode(draw(&drawing, Format::Png))
}

/// Lets the server go on until something holds, and fails when it never does.
async fn until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "what was waited for never came");
        tokio::task::yield_now().await;
    }
}
