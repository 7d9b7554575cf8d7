//! What has changed since a page last asked. Never tells a page what it shows already.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::server::{Shared, work};
use super::{ReviewError, page};
use crate::queue::CardKey;

/// More cards than any window has.
const MOST_CARDS: usize = 1_000;

/// What a page shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shows {
    view: u64,
    /// What it was told last.
    change: i64,
    /// Key, place and mark of each card.
    cards: Vec<(i64, usize, String)>,
}

/// What is otherwise now.
#[derive(Serialize)]
struct News {
    view: u64,
    change: i64,
    head: String,
    /// How many of each sort, by the names of the page's choices.
    counts: Vec<(String, String)>,
    /// How many more would be found now.
    come: usize,
    /// Key, place and the card anew.
    cards: Vec<(i64, usize, String)>,
}

pub(super) async fn news(State(room): State<Shared>, Json(shows): Json<Shows>) -> Result<Response, ReviewError> {
    let news = work(&room, move |room| {
        let change = room.table.change()?;
        if change == shows.change {
            return Ok(None);
        }
        let found = room.table.found(shows.view)?;
        let tally = room.table.tally()?;
        let keys: Vec<CardKey> = shows.cards.iter().take(MOST_CARDS).map(|(key, _, _)| CardKey(*key)).collect();
        let cards = room.table.cards(&keys)?.into_iter().filter_map(|card| {
            let (key, place, stamp) = shows.cards.iter().find(|(key, _, _)| *key == card.key.0)?;
            let (html, now) = page::card_at(&card, *place);
            (now != *stamp).then_some((*key, *place, html))
        });
        let cards = cards.collect();
        let head = page::head(&tally, room.in_flight()?);
        let (counts, come) = (page::counts(&tally), room.table.come_since(&found)?);
        Ok(Some(News { view: shows.view, change, head, counts, come, cards }))
    });
    Ok(match news.await? {
        Some(news) => Json(news).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
