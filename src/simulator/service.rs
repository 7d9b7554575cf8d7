//! What each request gets: its admission, its faults, its answer. Never touches a socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::account::{Account, Bill};
use super::answer::{self, Ask, Picture};
use super::asked::Asked;
use super::body;
use super::dice::{Dice, RequestHash};
use super::door::{self, Door};
use super::error::ApiError;
use super::fault::{Conduct, FaultKind};
use super::files::{self, Fetched, Files};
use super::key;
use super::quota::{Quota, QuotaStep, Refused};
use super::request::{self, MODELS, Wish};
use super::script::Script;
use super::stand_in::{self, STAND_INS};
use super::stats::{Stats, Tally, Visit};
use super::{Settings, server};

/// The largest request body, in bytes: the newer of the documented limits.
const BODY_LIMIT: usize = 100 * 1024 * 1024;

/// What all connections share.
pub(super) struct Service {
    settings: Settings,
    address: SocketAddr,
    door: Arc<Door>,
    tally: Tally,
    files: Files,
    quota: Mutex<Quota>,
    /// One drawing a core: more would only be slower, and hold more pictures at once.
    easels: Semaphore,
    closing: watch::Receiver<bool>,
}

impl Service {
    pub fn new(settings: Settings, address: SocketAddr, closing: watch::Receiver<bool>) -> Service {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Service {
            quota: Mutex::new(quota(&settings)),
            tally: Tally::default(),
            files: Files::default(),
            easels: Semaphore::new(cores),
            door: Arc::new(Door::new(address.ip(), settings.token.clone())),
            settings,
            address,
            closing,
        }
    }

    pub fn stats(&self) -> Stats {
        self.tally.stats()
    }

    pub fn asked(&self, prompt: &str) -> Asked {
        self.tally.asked(prompt)
    }

    pub fn account(&self) -> Account {
        self.tally.account()
    }

    fn reset(&self) {
        self.tally.reset();
        self.files.clear();
        self.quota.lock().unwrap_or_else(PoisonError::into_inner).reset(Instant::now());
    }
}

/// The routes. A base URL may hold any path, so everything but our own is looked at by its end. Whatever is asked, the
/// door is passed first; but a link to a picture wants no token: it is open to who knows it, by a name of this machine.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/stats", get(async |State(service): State<Arc<Service>>| Json(service.stats())))
        .route("/account", get(async |State(service): State<Arc<Service>>| Json(service.account())))
        .route("/reset", post(async |State(service): State<Arc<Service>>| service.reset()))
        .fallback(generate)
        .layer(from_fn_with_state(service.door.clone(), door::guard))
        .route(&format!("{}/{{name}}", files::FOLDER), get(fetch))
        .route(&format!("{STAND_INS}/{{name}}"), get(stand_in))
        .with_state(service)
}

async fn generate(State(service): State<Arc<Service>>, request: Request) -> Response {
    if is_listing(request.method(), request.uri()) {
        return service.list(&request).into_response();
    }
    let Some(model) = model(request.method(), request.uri()) else {
        return ApiError::no_such_method(request.uri().path()).into_response();
    };
    let mut visit = service.tally.arrive();
    let host = service.host(request.headers());
    match service.admit(model, request, &mut visit).await {
        Ok((wish, script)) => service.answer(wish, script, &host, visit).await,
        Err(error) => failed(error, &mut visit),
    }
}

/// A picture that an answer links to. The links are complete in themselves: one that brings a key gets 400.
async fn fetch(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    service.door.check_name(&headers).map_err(|_| StatusCode::FORBIDDEN)?;
    if !key::keys(&uri, &headers).is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    match service.files.fetch(&name) {
        Fetched::Unknown => Err(StatusCode::NOT_FOUND),
        Fetched::Unavailable => Err(StatusCode::SERVICE_UNAVAILABLE),
        Fetched::Picture(ask) => {
            let picture = service.draw(move || Picture::of(&ask)).await;
            let Picture { format, bytes } = picture.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
            Ok(([(CONTENT_TYPE, format.mime_type())], bytes).into_response())
        }
    }
}

/// A picture for whatever name, open like a link.
async fn stand_in(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    service.door.check_name(&headers).map_err(|_| StatusCode::FORBIDDEN)?;
    let drawn = service.draw(move || stand_in::drawn(&name)).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let (format, bytes) = drawn?;
    Ok(([(CONTENT_TYPE, format.mime_type())], bytes).into_response())
}

/// The model that a `generateContent` path names.
fn model(method: &Method, uri: &Uri) -> Option<String> {
    let (_base, call) = uri.path().rsplit_once("/v1beta/models/")?;
    let model = call.strip_suffix(":generateContent").filter(|model| !model.is_empty() && !model.contains('/'))?;
    (method == Method::POST).then(|| model.to_owned())
}

/// Whether this asks which models there are. It costs nothing, and no quota counts it.
fn is_listing(method: &Method, uri: &Uri) -> bool {
    method == Method::GET && uri.path().ends_with("/v1beta/models")
}

fn failed(error: ApiError, visit: &mut Visit) -> Response {
    let response = error.into_response();
    visit.got(response.status().as_str());
    response
}

impl Service {
    /// Takes a request in, with what its prompt says is to go wrong, or says why not. Its body is read first in any
    /// case, so that the answer reaches a client that is still sending.
    async fn admit(
        &self,
        model: String,
        request: Request,
        visit: &mut Visit,
    ) -> Result<(Wish, Option<Script>), ApiError> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_LIMIT).await;
        self.settings.key_way.check(&head.uri, &head.headers)?;
        if !MODELS.contains(&model.as_str()) {
            return Err(ApiError::no_such_model(&model));
        }
        let body = body.map_err(|_| ApiError::unreadable_body(BODY_LIMIT))?;
        let wish = read(model, body).await?;
        visit.asks_for(&wish.prompt);
        let script = Script::read(&wish.prompt).map_err(ApiError::invalid_argument)?;
        self.take_place(&wish.model)?;
        visit.is_taken();
        Ok((wish, script))
    }

    fn list(&self, request: &Request) -> Result<Json<Value>, ApiError> {
        self.settings.key_way.check(request.uri(), request.headers())?;
        let model =
            |name: &&str| json!({"name": format!("models/{name}"), "supportedGenerationMethods": ["generateContent"]});
        Ok(Json(json!({"models": MODELS.iter().map(model).collect::<Vec<_>>()})))
    }

    fn take_place(&self, model: &str) -> Result<(), ApiError> {
        let taken = self.quota.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        taken.map_err(|refused| match refused {
            Refused::ThisMinute { places, wait } => ApiError::quota_exceeded(model, places, wait),
            Refused::Today { places } => ApiError::day_used_up(model, places.get()),
        })
    }

    /// The host by which a client knows this server, so that it takes a link to it for what it is.
    fn host(&self, headers: &HeaderMap) -> String {
        let named = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
        named.map_or_else(|| self.address.to_string(), str::to_owned)
    }

    async fn answer(&self, wish: Wish, script: Option<Script>, host: &str, mut visit: Visit) -> Response {
        let seed = self.settings.seed;
        let nth = self.tally.ask(wish.hash);
        let of_request = Dice::of_request(seed, wish.hash);
        let dice = of_request.clone().of_ask(nth);
        let fault = match &script {
            Some(script) => script.at(nth),
            None => self.settings.faults.befalling(&of_request, &dice),
        };
        let ask = Arc::new(Ask { wish, nth, seed, is_small: self.settings.small_pictures, dice });
        self.dawdle(&ask.dice).await;
        match fault {
            None => self.send(ask, answer::with_picture, visit, body::whole).await,
            Some(kind) => {
                visit.befell(kind.name());
                self.misbehave(kind, ask, host, visit).await
            }
        }
    }

    /// Does what this kind of fault is.
    async fn misbehave(&self, kind: FaultKind, ask: Arc<Ask>, host: &str, mut visit: Visit) -> Response {
        match kind.conduct() {
            Conduct::Fail(error) => failed(error(&ask), &mut visit),
            Conduct::Interpose(response) => {
                let response = response(&ask);
                visit.got(response.status().as_str());
                response
            }
            Conduct::Withhold(document) => self.send(ask, document, visit, body::withheld).await,
            Conduct::Vary(document) => self.send(ask, document, visit, body::whole).await,
            Conduct::Send(way) => self.send(ask, answer::with_picture, visit, way).await,
            Conduct::Drip => {
                let time = self.settings.drip;
                let way = move |document, request, visit| body::drip(document, time, request, visit);
                self.send(ask, answer::with_picture, visit, way).await
            }
            Conduct::Link(document, serving) => {
                let url = format!("http://{host}{}", self.files.lend(ask.clone(), serving));
                // What can never be fetched is no picture: nobody was answered by its address.
                let way = if serving == files::Serving::Never { body::withheld } else { body::whole };
                self.send(ask, move |ask| document(ask, &url), visit, way).await
            }
            Conduct::Hang => {
                server::until_closing(&mut self.closing.clone()).await;
                server::abandon()
            }
            Conduct::Reset => server::abandon(),
        }
    }

    /// Draws what the document takes, and hands it over in the given way.
    async fn send(
        &self,
        ask: Arc<Ask>,
        document: impl FnOnce(&Ask) -> Value + Send + 'static,
        mut visit: Visit,
        way: impl FnOnce(Vec<u8>, RequestHash, Visit) -> Response,
    ) -> Response {
        let (request, model) = (ask.wish.hash, ask.wish.model.clone());
        let drawn = self.draw(move || {
            let document = document(&ask);
            (Bill::of(&document), document.to_string().into_bytes())
        });
        match drawn.await {
            Ok((bill, document)) => {
                visit.bills(&model, bill);
                way(document, request, visit)
            }
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
    async fn draw<T: Send + 'static>(&self, drawing: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let _easel = self.easels.acquire().await.map_err(|_| ApiError::internal())?;
        tokio::task::spawn_blocking(drawing).await.map_err(|_| ApiError::internal())
    }
}

/// The quotas that the settings name, from now on.
fn quota(settings: &Settings) -> Quota {
    let first = settings.quota_per_minute.map(|places| QuotaStep { from: Duration::ZERO, places });
    let steps = first.into_iter().chain(settings.quota_changes.iter().copied()).collect();
    Quota::new(steps, settings.quota_window, settings.quota_per_day, Instant::now())
}

/// Large references take their time to decode: not on a thread that others wait for.
async fn read(model: String, body: Bytes) -> Result<Wish, ApiError> {
    let reading = tokio::task::spawn_blocking(move || request::read(&model, &body));
    reading.await.map_err(|_| ApiError::internal())?
}
