//! What a person says on the page, on its way to the jury. Never says anything in nobody's name.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::ReviewError;
use super::server::{Room, Shared, work};
use crate::domain::Decision;
use crate::queue::{Acted, CardKey, Saw, SentBack, Witness, Word};

/// Letters of a name, a note or a caption at most, and of a prompt.
const LONGEST_NAME: usize = 80;
const LONGEST_WORDS: usize = 4_000;
const LONGEST_PROMPT: usize = 32_000;

/// Something that is said of items: of those named, or of all that were found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    #[serde(default)]
    person: String,
    #[serde(default)]
    items: Vec<i64>,
    view: Option<u64>,
    /// The picture that was decided on, where a single item is named.
    picture: Option<String>,
    word: SaidWord,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SaidWord {
    Decide(Option<Decision>),
    Favourite(Option<String>),
    Note(Option<String>),
    Caption(Option<String>),
}

/// What was done, as the page tells it.
#[derive(Serialize)]
pub(super) struct Done {
    word: String,
    items: usize,
}

impl From<Acted> for Done {
    fn from(acted: Acted) -> Self {
        Self { word: acted.word, items: acted.items.len() }
    }
}

pub(super) async fn say(State(room): State<Shared>, Json(said): Json<Said>) -> Result<Json<Option<Done>>, ReviewError> {
    let acted = work(&room, move |room| {
        let word = said.word.checked()?;
        let found = said.view.map(|view| room.table.found(view)).transpose()?;
        let items: Vec<CardKey> = match &found {
            Some(found) => found.keys.clone(),
            None => said.items.into_iter().map(CardKey).collect(),
        };
        let seen = found.as_ref().map(|found| found.seen());
        let saw = match &seen {
            Some(seen) => Saw::Found(seen),
            None if items.len() == 1 => Saw::Picture(said.picture.as_deref()),
            None => Saw::Whichever,
        };
        room.witness(&said.person, saw, |witness| {
            Ok(room.table.jury(|jury, job| jury.say(witness, job, &items, &word))?)
        })
    });
    Ok(Json(acted.await?.map(Done::from)))
}

impl SaidWord {
    fn checked(self) -> Result<Word, ReviewError> {
        let text = |text: Option<String>| match text.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) if text.chars().count() > LONGEST_WORDS => {
                Err(ReviewError::Malformed("That is too long: 4,000 letters are the most."))
            }
            Some(text) => Ok(Some(text.to_owned())),
        };
        Ok(match self {
            Self::Decide(decision) => Word::Decide(decision),
            Self::Favourite(picture) => Word::Favourite(picture),
            Self::Note(note) => Word::Note(text(note)?),
            Self::Caption(caption) => Word::Caption(text(caption)?),
        })
    }
}

/// An item to be made again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    #[serde(default)]
    person: String,
    item: i64,
    prompt: String,
}

/// What became of it.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Sent {
    Done(Done),
    Not { why: &'static str },
}

pub(super) async fn send_back(State(room): State<Shared>, Json(again): Json<Again>) -> Result<Json<Sent>, ReviewError> {
    let sent = work(&room, move |room| {
        let prompt = again.prompt.trim();
        if prompt.is_empty() {
            return Err(ReviewError::Malformed("A picture needs a prompt."));
        }
        if prompt.chars().count() > LONGEST_PROMPT {
            return Err(ReviewError::Malformed("That prompt is too long: 32,000 letters are the most."));
        }
        room.witness(&again.person, Saw::Whichever, |witness| {
            Ok(room.table.jury(|jury, job| jury.send_back(witness, job, CardKey(again.item), prompt))?)
        })
    });
    Ok(Json(match sent.await? {
        SentBack::Queued(acted) => Sent::Done(acted.into()),
        SentBack::Running => Sent::Not { why: "It is being made at this moment: look at what comes first." },
        SentBack::Gone => Sent::Not { why: "The manifest does not list it any more, so it is not made again." },
        SentBack::Waiting => Sent::Not { why: "It waits to be made already." },
    }))
}

/// Whoever takes something back.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    person: String,
}

/// What was taken back.
#[derive(Serialize)]
pub(super) struct Undone {
    undone: String,
    items: usize,
    left: u64,
}

pub(super) async fn undo(
    State(room): State<Shared>,
    Json(back): Json<Back>,
) -> Result<Json<Option<Undone>>, ReviewError> {
    let undone = work(&room, move |room| {
        room.witness(&back.person, Saw::Whichever, |witness| {
            Ok(room.table.jury(|jury, job| jury.undo(witness, job))?)
        })
    });
    let told = |acted: Acted| Undone { undone: acted.word, items: acted.items.len(), left: acted.left };
    Ok(Json(undone.await?.map(told)))
}

impl Room {
    /// Lets somebody speak, now, under the name they gave, or under that the review was begun with.
    fn witness<T>(
        &self,
        person: &str,
        saw: Saw<'_>,
        speak: impl FnOnce(Witness<'_>) -> Result<T, ReviewError>,
    ) -> Result<T, ReviewError> {
        let cleaned: String = person.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        let person = match cleaned.trim() {
            "" => self.person.as_str(),
            name => name,
        };
        speak(Witness { person, now: self.clock.now(), saw })
    }
}
