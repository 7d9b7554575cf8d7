//! Every template is rendered, with the worst that others may have written. Never looks at a browser.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::{Artifact, Decision, Digest, ImageFile, Item, ItemId, Reply, Request, Sources, Timestamp, Verdict};
use crate::queue::{CardKey, ItemRecord, ItemStory, VerdictRecord};
use crate::review::asked::Asked;

/// What a text must never become.
const MARKUP: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}";

fn picture(digit: &str) -> ImageFile {
    let blake3 = digit.repeat(64);
    ImageFile { file: format!("{MARKUP}.jpg"), bytes: 9, blake3, width: Some(800), height: Some(600) }
}

fn card(state: ItemState) -> Card {
    let request = Request { references: vec![MARKUP.into()], ..Request::new(MARKUP, MARKUP) };
    let item = Item {
        id: ItemId::new(MARKUP),
        name: MARKUP.into(),
        request,
        digest: Digest([0; 32]),
        sources: Sources::default(),
    };
    let artifact = (state == ItemState::Done).then(|| Artifact {
        images: vec![picture("a"), picture("b")],
        caption: Some(MARKUP.into()),
        finish_reason: None,
    });
    let verdict = Verdict {
        decision: Some(Decision::Approved),
        picture: Some("a".repeat(64)),
        note: Some(MARKUP.into()),
        ..Verdict::default()
    };
    let at = Timestamp::from_millis(1);
    let record = ItemRecord {
        item,
        state,
        attempts: 2,
        failure: (state == ItemState::Failed).then(|| (FailureKind::Refused, MARKUP.into())),
        artifact,
        reply: Reply::default(),
        cost: None,
        verdict: Some(VerdictRecord { verdict, person: MARKUP.into(), at, holds: true }),
        repeated: false,
    };
    Card {
        key: CardKey(7),
        record,
        line: 2,
        cells: vec![json!(format!("cell {MARKUP}")), json!(3)],
        is_sent_back: false,
        earlier: None,
        versions: 0,
        found: vec![Check::Blank, Check::Duplicate],
        twin: Some(CardKey(9)),
        siblings: vec![CardKey(7), CardKey(8)],
    }
}

fn story(card: &Card) -> ItemStory {
    ItemStory {
        record: card.record.clone(),
        line: 2,
        is_listed: true,
        due_at: None,
        cancelled_by: None,
        is_sent_back: false,
        history: vec![],
        versions: vec![],
        acts: vec![],
    }
}

/// The tags of a page in which what others wrote could do anything.
fn is_harmless(html: &str) -> bool {
    !html.contains("<script>") && !html.contains("<img src=x") && !html.contains("\"'>") && !html.contains("49")
}

#[test]
fn whatever_others_wrote_is_text_on_every_part_of_the_page() {
    let columns = [MARKUP.to_owned(), "plain".to_owned()];
    for state in ItemState::ALL.iter().copied() {
        let card = card(state);
        let (html, _) = card_at(&card, 0);
        assert!(is_harmless(&html), "{html}");
        let (story, siblings) = (story(&card), [card.clone(), Card { key: CardKey(8), ..card.clone() }]);
        let sight = Sight {
            card: &card,
            story: &story,
            siblings: &siblings,
            columns: &columns,
            twin: Some(&siblings[1]),
            place: Some((0, 2)),
        };
        let html = item(&sight);
        assert!(is_harmless(&html), "{html}");
        assert!(html.contains("&lt;script&gt;"), "it is shown all the same");
    }
    let tally = ReviewTally { items: 1, checks: BTreeMap::from([("blank", 1)]), ..ReviewTally::default() };
    let asked = Asked { q: MARKUP.into(), value: MARKUP.into(), ..Asked::default() };
    let found = Found { id: 1, asked, keys: vec![CardKey(7); 99], pictures: vec![] };
    let about = About { job: MARKUP, person: MARKUP, rehearsal: true, columns: &columns, head: MARKUP };
    let html = whole(&about, &found, &[card(ItemState::Done)], &tally);
    assert!(is_harmless(&html), "{html}");
    assert!(is_harmless(&turned_away(MARKUP)));
}

#[test]
fn a_card_has_another_mark_whenever_it_looks_otherwise() {
    let (one, mut other) = (card(ItemState::Done), card(ItemState::Done));
    assert_eq!(card_at(&one, 0).1, card_at(&other, 5).1, "wherever it stands");
    other.record.verdict = None;
    assert_ne!(card_at(&one, 0).1, card_at(&other, 0).1);
}

#[test]
fn an_empty_table_says_so() {
    let found = Found { id: 1, asked: Asked::default(), keys: vec![], pictures: vec![] };
    assert!(sheet(&found, &[]).contains("Nothing here."));
}
