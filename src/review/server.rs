//! The addresses of the page, and what is answered at each. Never answers before the door has let somebody in.

use std::future::Future;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::asked::Asked;
use super::door::{Door, guard};
use super::lookout::Lookout;
use super::pictures::{Picture, Which};
use super::table::Table;
use super::thumbnails::Thumbnails;
use super::{Places, ReviewError, Settings, live, page, said};
use crate::clock::Clock;
use crate::domain::ImageFormat;
use crate::queue::{CardKey, QueueError};

/// Everything that answers need.
pub(super) struct Room {
    pub table: Table,
    pub door: Door,
    pub clock: Arc<dyn Clock>,
    pub person: String,
    places: Places,
    thumbnails: Thumbnails,
    rehearsal: bool,
}

/// It, as handlers hold it.
pub(super) type Shared = Arc<Room>;

/// A review that listens.
pub struct Review {
    listener: TcpListener,
    address: SocketAddr,
    room: Shared,
    lookout: Lookout,
}

impl Review {
    /// Listens from now on. Must be called within a runtime.
    pub async fn open(settings: Settings) -> Result<Self, ReviewError> {
        let Settings { job, person, rehearsal, address, offices, places, clock } = settings;
        let listen = |source| ReviewError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let thumbnails = Thumbnails::below(&places.hidden);
        let door = Door::new(address.port())?;
        let table = Table::new(job, offices);
        let room = Arc::new(Room { table, door, clock, person, places, thumbnails, rehearsal });
        let lookout = Lookout::start(room.clone());
        Ok(Self { listener, address, room, lookout })
    }

    /// The address to open: once.
    pub fn url(&self) -> String {
        format!("http://{}/?{}", self.address, self.room.door.query().unwrap_or_default())
    }

    /// Answers until `end`.
    pub async fn serve_until(self, end: impl Future<Output = ()>) {
        let serving = async { axum::serve(self.listener, router(self.room)).await };
        tokio::select! {
            // Accepting goes on by itself after a failure.
            _ = serving => {}
            () = end => {}
        }
        self.lookout.end();
    }
}

fn router(room: Shared) -> Router {
    Router::new()
        .route("/", get(whole))
        .route("/found", get(found))
        .route("/cards", get(cards))
        .route("/item/{key}", get(item))
        .route("/picture/{key}/{which}", get(picture))
        .route("/thumbnail/{key}/{which}", get(thumbnail))
        .route("/live", post(live::news))
        .route("/say", post(said::say))
        .route("/send-back", post(said::send_back))
        .route("/undo", post(said::undo))
        .route("/values", post(values))
        .route("/review.css", get(async || asset("text/css; charset=utf-8", page::STYLE.concat())))
        .route("/review.js", get(async || asset("text/javascript; charset=utf-8", page::SCRIPT.concat())))
        .route("/icon.svg", get(async || asset("image/svg+xml", page::ICON.to_owned())))
        .fallback(async || ReviewError::NoSuchItem)
        .layer(middleware::from_fn_with_state(room.clone(), guard))
        .with_state(room)
}

fn asset(kind: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

/// Does what waits for a disk where nobody else has to wait for it.
pub(super) async fn work<T: Send + 'static>(
    room: &Shared,
    act: impl FnOnce(&Room) -> Result<T, ReviewError> + Send + 'static,
) -> Result<T, ReviewError> {
    let room = room.clone();
    let done = tokio::task::spawn_blocking(move || act(&room)).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

async fn whole(State(room): State<Shared>, Query(asked): Query<Asked>) -> Result<Html<String>, ReviewError> {
    work(&room, |room| {
        let columns = room.table.columns()?;
        let found = room.table.find(asked)?;
        let tally = room.table.tally()?;
        let head = page::head(&tally, room.in_flight()?);
        let cards = room.screen(&found.keys, 0, page::SCREEN)?;
        let (job, person, rehearsal) = (room.table.job(), room.person.as_str(), room.rehearsal);
        let about = page::About { job, person, rehearsal, columns: &columns, head: &head };
        Ok(Html(page::whole(&about, &found, &cards, &tally)))
    })
    .await
}

async fn found(State(room): State<Shared>, Query(asked): Query<Asked>) -> Result<Html<String>, ReviewError> {
    work(&room, |room| {
        let found = room.table.find(asked)?;
        let cards = room.screen(&found.keys, 0, page::SCREEN)?;
        Ok(Html(page::sheet(&found, &cards)))
    })
    .await
}

#[derive(Deserialize)]
struct Range {
    view: u64,
    from: usize,
    to: usize,
}

async fn cards(State(room): State<Shared>, Query(range): Query<Range>) -> Result<Html<String>, ReviewError> {
    work(&room, move |room| {
        let found = room.table.found(range.view)?;
        let to = range.to.min(range.from.saturating_add(2 * page::SCREEN));
        Ok(Html(page::cards(&room.screen(&found.keys, range.from, to)?, range.from)))
    })
    .await
}

#[derive(Deserialize)]
struct Place {
    view: u64,
    place: usize,
}

async fn item(
    State(room): State<Shared>,
    Path(key): Path<i64>,
    Query(Place { view, place }): Query<Place>,
) -> Result<Html<String>, ReviewError> {
    work(&room, move |room| {
        let card = room.table.card(CardKey(key))?;
        let story = room.table.story(&card.record.item.id)?;
        let siblings = room.table.cards(&card.siblings)?;
        let twin = card.twin.map(|twin| room.table.card(twin)).transpose()?;
        let columns = room.table.columns()?;
        let found = room.table.found(view).ok();
        let place =
            found.filter(|found| found.keys.get(place) == Some(&card.key)).map(|found| (place, found.keys.len()));
        let sight = page::Sight {
            card: &card,
            story: &story,
            siblings: &siblings,
            columns: &columns,
            twin: twin.as_ref(),
            place,
        };
        Ok(Html(page::item(&sight)))
    })
    .await
}

async fn picture(
    State(room): State<Shared>,
    Path((key, which)): Path<(i64, String)>,
    headers: HeaderMap,
) -> Result<Response, ReviewError> {
    let (picture, keep) = opened(&room, key, &which).await?;
    let mark = format!("\"{}\"", picture.mark);
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == mark.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, mark), (CACHE_CONTROL, keep.to_owned())]).into_response());
    }
    let kind = match picture.format {
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Png => "image/png",
        ImageFormat::Webp => "image/webp",
    };
    let bytes = work(&room, move |_| Ok(whole_file(picture))).await?.ok_or(ReviewError::NoSuchItem)?;
    let named = [(CONTENT_TYPE, kind.to_owned()), (ETAG, mark), (CACHE_CONTROL, keep.to_owned())];
    Ok((named, Body::from(bytes)).into_response())
}

fn whole_file(mut picture: Picture) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(picture.bytes).ok()?);
    (&mut picture.file).take(picture.bytes).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

async fn thumbnail(
    State(room): State<Shared>,
    Path((key, which)): Path<(i64, String)>,
) -> Result<Response, ReviewError> {
    let (picture, keep) = opened(&room, key, &which).await?;
    let is_named_by_hash = matches!(Which::parse(&which), Some(Which::Candidate(_)));
    let place = room.thumbnails.places.acquire().await.map_err(|_| ReviewError::NoSuchItem)?;
    let bytes = work(&room, move |room| {
        let mark = picture.mark.clone();
        let small = room.thumbnails.of(picture).map_err(|_| ReviewError::NoSuchItem)?;
        if let Some(impression) = small.impression.filter(|_| is_named_by_hash) {
            // Whoever looks for what strikes the eye need not decode it again; where that cannot be noted, they do.
            let _ = room.table.inspection(|inspection, job| inspection.note(job, &[(mark, impression)], &[]));
        }
        Ok(small.bytes)
    });
    let bytes = bytes.await?;
    drop(place);
    Ok(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, keep)], Body::from(bytes)).into_response())
}

/// A picture of an item, and how long a browser may keep it: what is named by its hash, for ever.
async fn opened(room: &Shared, key: i64, which: &str) -> Result<(Picture, &'static str), ReviewError> {
    let which = Which::parse(which).ok_or(ReviewError::NoSuchItem)?;
    let keep = match which {
        Which::Candidate(_) => "private, max-age=31536000, immutable",
        Which::Reference(_) => "private, max-age=60",
    };
    let picture = work(room, move |room| {
        let card = room.table.card(CardKey(key))?;
        let story = room.table.story(&card.record.item.id)?;
        room.places.open(&card, &story, &which).ok_or(ReviewError::NoSuchItem)
    });
    Ok((picture.await?, keep))
}

#[derive(Deserialize)]
struct OfColumn {
    column: usize,
}

/// The values that a column has, for whoever looks for one.
async fn values(
    State(room): State<Shared>,
    Json(OfColumn { column }): Json<OfColumn>,
) -> Result<Json<Vec<String>>, ReviewError> {
    /// More than anyone reads through.
    const MOST: usize = 500;
    let values = work(&room, move |room| room.table.values(column, MOST)).await?;
    Ok(Json(values.into_iter().map(|(value, _)| value).collect()))
}

impl Room {
    fn screen(&self, keys: &[CardKey], from: usize, to: usize) -> Result<Vec<crate::queue::Card>, ReviewError> {
        let to = to.min(keys.len());
        self.table.cards(&keys[from.min(to)..to])
    }

    /// How many requests are under way, if a run is on.
    pub(super) fn in_flight(&self) -> Result<Option<u64>, ReviewError> {
        let status = self.table.status(self.clock.now())?;
        Ok(status.running_since.map(|_| status.in_flight))
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }
}

impl IntoResponse for ReviewError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchItem | Self::Queue(QueueError::NoSuchItem { .. }) => StatusCode::NOT_FOUND,
            Self::Forgotten => StatusCode::GONE,
            Self::Queue(_) | Self::Listen { .. } | Self::NoSecret => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Html(page::turned_away(&self.to_string()))).into_response()
    }
}
