//! What persons said of an item, for people and for programs. Never decides what holds.

use serde::Serialize;

use super::text::Look;
use crate::queue::{ActRecord, ItemStory, VerdictRecord};
use crate::report::shape::rfc3339;
use crate::report::words::one_line;

/// What stands said of an item, in the document of `show --json`.
#[derive(Serialize)]
pub(super) struct Review<'a> {
    decision: Option<&'static str>,
    /// Whether the decision is about the picture that the item has now.
    holds: bool,
    /// BLAKE3 of the picture that was decided on.
    picture: Option<&'a str>,
    favourite: Option<Favourite<'a>>,
    note: Option<&'a str>,
    /// What stands in place of the model's caption.
    caption: Option<&'a str>,
    by: &'a str,
    at: String,
}

/// The picture that stands for the product.
#[derive(Serialize)]
struct Favourite<'a> {
    blake3: &'a str,
    /// 1 for the first picture of its answer, 2 and up for further ones; null if nobody knows it any more.
    image: Option<usize>,
    /// The earlier version it is of; null if it is one that the item has now.
    version: Option<u32>,
}

/// Something a person did, in the document of `show --json`.
#[derive(Serialize)]
pub(super) struct Act<'a> {
    act: &'a str,
    by: &'a str,
    at: String,
    undone_at: Option<String>,
}

impl<'a> Review<'a> {
    /// What stands said of an item; none where nothing does.
    pub fn of(story: &'a ItemStory) -> Option<Self> {
        let VerdictRecord { verdict, person, at, holds } = story.record.verdict.as_ref()?;
        Some(Self {
            decision: verdict.decision.map(|decision| decision.as_str()),
            holds: *holds,
            picture: verdict.picture.as_deref(),
            favourite: verdict.favourite.as_deref().map(|blake3| Favourite::of(blake3, story)),
            note: verdict.note.as_deref(),
            caption: verdict.caption.as_deref(),
            by: person,
            at: rfc3339(*at),
        })
    }
}

impl<'a> Favourite<'a> {
    fn of(blake3: &'a str, story: &ItemStory) -> Self {
        let own = story.record.artifact.iter().map(|artifact| (None, artifact));
        let earlier = story.versions.iter().rev().map(|version| (Some(version.number), &version.artifact));
        let found = own.chain(earlier).find_map(|(version, artifact)| {
            let place = artifact.images.iter().position(|image| image.blake3 == blake3)?;
            Some((Some(place + 1), version))
        });
        let (image, version) = found.unwrap_or_default();
        Self { blake3, image, version }
    }

    fn words(&self) -> String {
        let image = match self.image {
            None => return format!("a picture that is not known any more, blake3 {}", one_line(self.blake3)),
            Some(1) => "picture".to_owned(),
            Some(number) => format!("picture {number}"),
        };
        match self.version {
            None => format!("its {image} stands for the product"),
            Some(version) => format!("the {image} of earlier version {version} stands for the product"),
        }
    }
}

impl<'a> From<&'a ActRecord> for Act<'a> {
    fn from(act: &'a ActRecord) -> Self {
        Self { act: &act.word, by: &act.person, at: rfc3339(act.at), undone_at: act.undone_at.map(rfc3339) }
    }
}

/// The lines of what was said: what stands, then who did what and when.
pub(super) fn lines(story: &ItemStory, look: &Look) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(review) = Review::of(story) {
        let decision = review.decision.map(|decision| match (review.holds, review.picture) {
            (true, _) => decision.to_owned(),
            (false, _) => format!("open; an earlier picture was {decision}"),
        });
        lines.extend(look.fact("decision", &decision.unwrap_or_else(|| "open".to_owned())));
        lines.extend(review.favourite.iter().flat_map(|favourite| look.fact("favourite", &favourite.words())));
        lines.extend(review.note.iter().flat_map(|note| look.fact("note", note)));
        lines.extend(review.caption.iter().flat_map(|caption| look.fact("caption", caption)));
    }
    for act in &story.acts {
        let undone = act.undone_at.map(|at| format!(", taken back {}", look.moment(at))).unwrap_or_default();
        let line = format!("  {}  {} by {}{undone}", look.moment(act.at), word(&act.word), one_line(&act.person));
        lines.push(line);
    }
    lines
}

/// What was done, as people say it.
fn word(word: &str) -> &str {
    match word {
        "approve" => "approved",
        "reject" => "rejected",
        "clear" => "opened again",
        "favourite" => "favourite chosen or taken away",
        "note" => "note written",
        "caption" => "caption edited",
        "send_back" => "sent back",
        other => other,
    }
}
