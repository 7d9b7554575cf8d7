//! What each request gets: its admission, its faults, its answer. Never touches a socket.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};

use super::answer::{self, Ask};
use super::body;
use super::dice::{Dice, RequestHash};
use super::error::ApiError;
use super::fault::Conduct;
use super::quota::Quota;
use super::request::{self, MODELS, Wish};
use super::stats::{Stats, Tally, Visit};
use super::{Settings, server};

/// The largest request body, in bytes: the newer of the documented limits.
const BODY_LIMIT: usize = 100 * 1024 * 1024;
/// The one key that is not valid; any other is.
const INVALID_KEY: &str = "invalid";

/// What all connections share.
pub(super) struct Service {
    settings: Settings,
    tally: Tally,
    quota: Mutex<Option<Quota>>,
    /// One drawing a core: more would only be slower, and hold more pictures at once.
    easels: Semaphore,
    closing: watch::Receiver<bool>,
}

impl Service {
    pub fn new(settings: Settings, closing: watch::Receiver<bool>) -> Service {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Service {
            quota: Mutex::new(settings.quota_per_minute.map(Quota::per_minute)),
            tally: Tally::default(),
            easels: Semaphore::new(cores),
            settings,
            closing,
        }
    }

    pub fn stats(&self) -> Stats {
        self.tally.stats()
    }

    fn reset(&self) {
        self.tally.reset();
        if let Some(quota) = &mut *self.quota.lock().unwrap_or_else(PoisonError::into_inner) {
            quota.clear();
        }
    }
}

/// The routes. A base URL may hold any path, so everything but our own two is looked at by its end.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/stats", get(async |State(service): State<Arc<Service>>| Json(service.stats())))
        .route("/reset", post(async |State(service): State<Arc<Service>>| service.reset()))
        .fallback(generate)
        .with_state(service)
}

async fn generate(State(service): State<Arc<Service>>, request: Request) -> Response {
    let Some(model) = model(request.method(), request.uri()) else {
        return ApiError::no_such_method(request.uri().path()).into_response();
    };
    let mut visit = service.tally.arrive();
    match service.admit(model, request).await {
        Ok(wish) => service.answer(wish, visit).await,
        Err(error) => failed(error, &mut visit),
    }
}

/// The model that a `generateContent` path names.
fn model(method: &Method, uri: &Uri) -> Option<String> {
    let (_base, call) = uri.path().rsplit_once("/v1beta/models/")?;
    let model = call.strip_suffix(":generateContent").filter(|model| !model.is_empty() && !model.contains('/'))?;
    (method == Method::POST).then(|| model.to_owned())
}

fn failed(error: ApiError, visit: &mut Visit) -> Response {
    let response = error.into_response();
    visit.got(response.status().as_str());
    response
}

impl Service {
    /// Takes a request in, or says why not. Its body is read first in any case, so that the answer reaches a client
    /// that is still sending.
    async fn admit(&self, model: String, request: Request) -> Result<Wish, ApiError> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_LIMIT).await;
        check_key(&head.uri, &head.headers)?;
        if !MODELS.contains(&model.as_str()) {
            return Err(ApiError::no_such_model(&model));
        }
        let body = body.map_err(|_| ApiError::unreadable_body(BODY_LIMIT))?;
        let wish = read(model, body).await?;
        self.take_place(&wish.model)?;
        Ok(wish)
    }

    fn take_place(&self, model: &str) -> Result<(), ApiError> {
        match &mut *self.quota.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(quota) => {
                let taken = quota.take(Instant::now());
                taken.map_err(|wait| ApiError::quota_exceeded(model, quota.places(), wait))
            }
        }
    }

    async fn answer(&self, wish: Wish, mut visit: Visit) -> Response {
        let seed = self.settings.seed;
        let nth = self.tally.ask(wish.hash);
        let of_request = Dice::of_request(seed, wish.hash);
        let dice = of_request.clone().of_ask(nth);
        let fault = self.settings.faults.befalling(&of_request, &dice);
        let ask = Ask { wish, nth, seed, dice };
        self.dawdle(&ask.dice).await;
        match fault.map(|kind| kind.conduct()) {
            None => self.send(ask, visit, body::whole).await,
            Some(Conduct::Cut) => self.send(ask, visit, body::cut).await,
            Some(Conduct::Fail(error)) => failed(error(), &mut visit),
            Some(Conduct::Withhold(document)) => {
                visit.got(StatusCode::OK.as_str());
                Json(document(&ask)).into_response()
            }
            Some(Conduct::Hang) => {
                server::until_closing(&mut self.closing.clone()).await;
                server::abandon()
            }
            Some(Conduct::Reset) => server::abandon(),
        }
    }

    /// Draws, and hands the document over in the given way.
    async fn send(&self, ask: Ask, mut visit: Visit, way: fn(Vec<u8>, RequestHash, Visit) -> Response) -> Response {
        let request = ask.wish.hash;
        match self.draw(ask).await {
            Ok(document) => way(document, request, visit),
            Err(error) => failed(error, &mut visit),
        }
    }

    /// The time that a model would take.
    async fn dawdle(&self, dice: &Dice) {
        let time = self.settings.latency + self.settings.jitter.mul_f64(dice.share("jitter"));
        if time > Duration::ZERO {
            tokio::time::sleep(time).await;
        }
    }

    /// Draws only now, after the wait: so a picture is held no longer than it takes to send it.
    async fn draw(&self, ask: Ask) -> Result<Vec<u8>, ApiError> {
        let _easel = self.easels.acquire().await.map_err(|_| ApiError::internal())?;
        tokio::task::spawn_blocking(move || answer::with_picture(&ask)).await.map_err(|_| ApiError::internal())
    }
}

/// Large references take their time to decode: not on a thread that others wait for.
async fn read(model: String, body: Bytes) -> Result<Wish, ApiError> {
    let reading = tokio::task::spawn_blocking(move || request::read(&model, &body));
    reading.await.map_err(|_| ApiError::internal())?
}

/// The key in the address, if there.
#[derive(Deserialize)]
struct KeyQuery {
    key: Option<String>,
}

fn check_key(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let query = Query::<KeyQuery>::try_from_uri(uri).ok().and_then(|query| query.0.key);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let keys = [query.as_deref(), header("x-goog-api-key"), bearer];
    match keys.into_iter().flatten().map(str::trim).find(|key| !key.is_empty()) {
        None => Err(ApiError::missing_key()),
        Some(INVALID_KEY) => Err(ApiError::invalid_key()),
        Some(_) => Ok(()),
    }
}
