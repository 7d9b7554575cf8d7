//! An item's story as people read it. Never lets a prompt, a model or a server control the terminal.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::files::Looked;
use super::standing::standing;
use super::{Told, review, versions};
use crate::domain::{PriceSource, Timestamp, Usd};
use crate::queue::{AttemptRecord, AttemptState, ItemState, ItemStory};
use crate::report::words::{count, duration, money, one_line, wrap};
use crate::store::Presence;

/// Where the facts stand, behind their names.
const INDENT: usize = 12;
/// Parts of a request that have lines of their own; everything else is a setting.
const OWN_LINES: [&str; 4] = ["model", "prompt", "references", "system_instruction"];

/// How the page is laid out.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Columns of the terminal.
    pub columns: usize,
    /// The zone of the clock times.
    pub zone: TimeZone,
    /// The time it is.
    pub now: Timestamp,
}

impl Look {
    /// A fact behind its name, over as many lines as it takes; what was more than one line stays so.
    pub fn fact(&self, name: &str, text: &str) -> Vec<String> {
        let lines = text.lines().map(one_line).flat_map(|line| wrap(&line, self.columns.saturating_sub(INDENT)));
        let named = |(index, line): (usize, String)| {
            let name = if index == 0 { name } else { "" };
            format!("  {name:<width$}{line}", width = INDENT - 2).trim_end().to_owned()
        };
        lines.enumerate().map(named).collect()
    }

    /// Further lines of an attempt or a file.
    pub fn below(&self, text: &str) -> Vec<String> {
        wrap(&one_line(text), self.columns.saturating_sub(5)).iter().map(|line| format!("     {line}")).collect()
    }

    /// A time of the clock and its day.
    pub fn moment(&self, time: Timestamp) -> String {
        let moment = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or(jiff::Timestamp::MAX);
        moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// The whole page, with a line end behind the last line.
pub(super) fn page(told: &Told<'_>, look: &Look) -> String {
    let mut lines = vec![headline(told, look)];
    lines.extend(facts(told, look));
    section(&mut lines, "Request", request(told.story, look));
    section(&mut lines, "Attempts", told.story.history.iter().flat_map(|it| attempt(it, look)).collect());
    section(&mut lines, "Files", told.files.iter().flat_map(|it| file(it, told, look)).collect());
    let earlier = told.story.versions.iter().flat_map(|it| versions::lines(it, told.job, look));
    section(&mut lines, "Earlier versions", earlier.collect());
    section(&mut lines, "Review", review::lines(told.story, look));
    section(&mut lines, "Next", next(told, look));
    lines.join("\n") + "\n"
}

fn section(lines: &mut Vec<String>, title: &str, body: Vec<String>) {
    if !body.is_empty() {
        lines.push(String::new());
        lines.push(format!("{title}:"));
        lines.extend(body);
    }
}

fn headline(told: &Told<'_>, look: &Look) -> String {
    let (item, job) = (one_line(told.story.record.item.id.as_str()), one_line(&told.job.job));
    format!("{item} of {job}: {}", standing(told, look))
}

fn facts(told: &Told<'_>, look: &Look) -> Vec<String> {
    let (story, record) = (told.story, &told.story.record);
    let gone = if story.is_listed { "" } else { ", where it stood before it was removed" };
    let row = format!("{}:{}{gone}", told.job.manifest.display(), story.line);
    let mut facts = look.fact("row", &row);
    if let Some((kind, message)) = &record.failure {
        let name = if record.state == ItemState::Failed { "why" } else { "lately" };
        facts.extend(look.fact(name, &format!("{kind}: {message}")));
    }
    facts.extend(look.fact("cost", &cost(record.cost, told)));
    facts
}

fn cost(cost: Option<Usd>, told: &Told<'_>) -> String {
    let price = match told.job.price_source {
        Some(PriceSource::Given) => " at the given price",
        Some(PriceSource::Listed) => " at the list price",
        None => "",
    };
    match (cost.map(money), told.rehearsal) {
        (Some(cost), true) => format!("nothing, this is a rehearsal;{price} it would be {cost}"),
        (Some(cost), false) => format!("{cost}{price}"),
        (None, true) => "nothing, this is a rehearsal".to_owned(),
        (None, false) => "nothing that is known of".to_owned(),
    }
}

fn request(story: &ItemStory, look: &Look) -> Vec<String> {
    let request = &story.record.item.request;
    let mut lines = look.fact("model", &request.model);
    if let Some(instruction) = &request.system_instruction {
        lines.extend(look.fact("system", instruction));
    }
    lines.extend(look.fact("prompt", &request.prompt));
    lines.extend(look.fact("images", &request.references.iter().map(|it| one_line(it) + "\n").collect::<String>()));
    let Ok(Value::Object(stored)) = serde_json::to_value(request) else { return lines };
    let settings = stored.iter().filter(|(name, _)| !OWN_LINES.contains(&name.as_str()));
    let settings = settings.map(|(name, value)| match value {
        Value::String(text) => format!("{name} {text}\n"),
        value => format!("{name} {value}\n"),
    });
    lines.extend(look.fact("settings", &settings.collect::<String>()));
    lines
}

fn attempt(attempt: &AttemptRecord, look: &Look) -> Vec<String> {
    let sent = look.moment(attempt.sent_at);
    let mut lines = vec![format!("  {}  {sent}  {}", attempt.number, course(attempt, look.now))];
    let status = attempt.status.map(|status| format!("HTTP {status}"));
    let verdict = [attempt.kind.map(|kind| kind.to_string()), status, attempt.message.clone()];
    let verdict = verdict.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let reply = &attempt.reply;
    let said = [("finish reason", &reply.finish_reason), ("", &reply.finish_message), ("text", &reply.text)];
    let said = said.into_iter().filter_map(|(what, said)| Some((what, said.as_ref()?)));
    // A failure's message quotes the model already.
    let said: Vec<String> = said
        .filter(|(_, said)| !verdict.contains(said.as_str()))
        .map(|(what, said)| format!("{what} {said}"))
        .collect();
    for line in std::iter::once(verdict).chain(said).chain(figures(attempt)).filter(|line| !line.trim().is_empty()) {
        lines.extend(look.below(line.trim()));
    }
    lines
}

/// How far it got and what followed.
fn course(attempt: &AttemptRecord, now: Timestamp) -> String {
    let took = attempt.took().map(duration).unwrap_or_default();
    let followed = match attempt.outcome.as_deref() {
        Some("done") => "done",
        Some("retry") => "to be tried again",
        Some("returned") => "given back, not counted",
        Some("failed") => "given up",
        Some(other) => other,
        None => "",
    };
    match attempt.state {
        AttemptState::Sent => format!("sent {} ago, nothing heard since", duration(now.since(attempt.sent_at))),
        AttemptState::Received => format!("received after {took}, not yet under its final name"),
        AttemptState::Settled => format!("settled after {took}: {followed}"),
        AttemptState::Unsent => format!("unsent after {took}, so it was free: {followed}"),
        AttemptState::Lost => format!("lost after {took}, maybe billed: {followed}"),
    }
}

fn figures(attempt: &AttemptRecord) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(usage) = attempt.reply.usage {
        let (asked, answered) = (count(usage.prompt_tokens), count(usage.output_tokens));
        let thought = match usage.thought_tokens {
            0 => String::new(),
            thought => format!(", {} for thinking", count(thought)),
        };
        lines.push(format!("tokens {asked} in, {answered} out{thought}"));
    }
    match (attempt.cost.map(money), attempt.reserved.map(money)) {
        (Some(cost), Some(reserved)) => lines.push(format!("cost {cost} of {reserved} reserved")),
        (Some(cost), None) => lines.push(format!("cost {cost}")),
        (None, Some(reserved)) => lines.push(format!("cost unknown, {reserved} reserved")),
        (None, None) => {}
    }
    if let Some(id) = &attempt.reply.response_id {
        lines.push(format!("response {id}"));
    }
    lines
}

fn file(file: &Looked, told: &Told<'_>, look: &Look) -> Vec<String> {
    let mut lines = vec![format!("  {}", one_line(&file.path.display().to_string()))];
    let presence = match &file.presence {
        Presence::Same => "there".to_owned(),
        Presence::Changed => "CHANGED since it was kept".to_owned(),
        Presence::Truncated => "CUT SHORT: only its beginning is there".to_owned(),
        Presence::Missing => "MISSING".to_owned(),
        Presence::Unreadable(why) => format!("cannot be read now: {why}"),
    };
    let Some(picture) = &file.picture else {
        lines.extend(look.below(&format!("caption, {presence}")));
        let caption = told.story.record.artifact.as_ref().and_then(|artifact| artifact.caption.as_deref());
        lines.extend(look.below(caption.unwrap_or_default()));
        return lines;
    };
    let size = match picture.width.zip(picture.height) {
        Some((width, height)) => format!("{width} × {height} pixels"),
        None => "of unknown size".to_owned(),
    };
    lines.extend(look.below(&format!("{size}, {} bytes, {presence}", count(picture.bytes))));
    if let (Some(false), Some(asked)) = (file.fits, told.story.record.item.request.aspect_ratio) {
        lines.extend(look.below(&format!("this is not the shape that was asked for, {asked}")));
    }
    lines.push(format!("     blake3 {}", one_line(&picture.blake3)));
    lines
}

fn next(told: &Told<'_>, look: &Look) -> Vec<String> {
    let Some((command, purpose)) = &told.next else { return vec![] };
    let one = format!("  {command}  # {purpose}");
    match command.as_str() {
        "" => wrap(purpose, look.columns.saturating_sub(2)).iter().map(|line| format!("  {line}")).collect(),
        _ if one.chars().count() <= look.columns => vec![one],
        _ => {
            let purpose = wrap(purpose, look.columns.saturating_sub(4)).into_iter().map(|line| format!("  # {line}"));
            purpose.chain([format!("  {command}")]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::domain::{AspectRatio, Digest, FailureKind, ImageFile, Item, ItemId, Reply, Request, Sources, Usage};
    use crate::queue::{ItemRecord, JobStatus};

    /// 2026-11-20 02:00:00 UTC, and so many seconds.
    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis((1_795_140_000 + second) * 1000)
    }

    fn lost_then_done() -> Vec<AttemptRecord> {
        let lost = AttemptRecord {
            number: 1,
            state: AttemptState::Lost,
            sent_at: at(0),
            received_at: None,
            ended_at: Some(at(180)),
            reserved: Some(Usd::from_nanos(33_600_000)),
            cost: None,
            outcome: Some("retry".into()),
            kind: Some(FailureKind::Transient),
            status: None,
            message: Some("no whole answer from www.anyfast.ai in the time allowed".into()),
            reply: Reply::default(),
        };
        let usage = Usage {
            prompt_tokens: 260,
            output_tokens: 1_120,
            thought_tokens: 30,
            total_tokens: 1_410,
            ..Usage::default()
        };
        let reply = Reply { finish_reason: Some("STOP".into()), usage: Some(usage), ..Reply::default() };
        let (state, outcome, cost) = (AttemptState::Settled, Some("done".into()), lost.reserved);
        let done = AttemptRecord {
            number: 2,
            state,
            sent_at: at(190),
            received_at: Some(at(194)),
            ended_at: Some(at(194)),
            cost,
            outcome,
            kind: None,
            message: None,
            reply,
            ..lost.clone()
        };
        vec![lost, done]
    }

    fn story() -> ItemStory {
        let mut request = Request::new("gemini-3.1-flash-lite-image", "A blue mug on oak.\nSoft \u{1b}[2Jlight.");
        request.references = vec!["mug.jpg".into(), "style.png".into()];
        (request.aspect_ratio, request.seed) = (Some(AspectRatio::R4x5), Some(7));
        let item = Item {
            id: ItemId::new("mug-7"),
            name: "mug-7".into(),
            request,
            digest: Digest([0; 32]),
            sources: Sources::default(),
        };
        let (attempts, cost, reply) = (2, Some(Usd::from_nanos(33_600_000)), Reply::default());
        let record = ItemRecord {
            item,
            state: ItemState::Done,
            attempts,
            artifact: None,
            failure: None,
            reply,
            cost,
            verdict: None,
            repeated: false,
        };
        let (history, versions) = (lost_then_done(), vec![]);
        ItemStory {
            record,
            line: 2,
            is_listed: true,
            due_at: None,
            cancelled_by: None,
            is_sent_back: false,
            history,
            versions,
            acts: vec![],
        }
    }

    fn page_at(columns: usize) -> String {
        let job = JobStatus {
            job: "spring".into(),
            manifest: PathBuf::from("spring.csv"),
            output: PathBuf::from("output/spring"),
            images: 1,
            attempts: 2,
            lost_attempts: 1,
            price_source: Some(PriceSource::Listed),
            ..JobStatus::default()
        };
        let picture = ImageFile {
            file: "mug-7.jpg".into(),
            bytes: 63_202,
            blake3: "ab12".into(),
            width: Some(1024),
            height: Some(1024),
        };
        let path = PathBuf::from("output/spring/mug-7.jpg");
        let files = [Looked { path, presence: Presence::Missing, picture: Some(picture), fits: Some(false) }];
        let next = Some(("overnight retry spring --item mug-7".to_owned(), "puts it back"));
        let told = Told { job: &job, story: &story(), files: &files, rehearsal: false, next };
        page(&told, &Look { columns, zone: TimeZone::UTC, now: at(200) })
    }

    #[test]
    fn the_whole_story_at_80_columns() {
        insta::assert_snapshot!(page_at(80), @r"
        mug-7 of spring: done
          row       spring.csv:2
          cost      $0.0336 at the list price

        Request:
          model     gemini-3.1-flash-lite-image
          prompt    A blue mug on oak.
                    Soft light.
          images    mug.jpg
                    style.png
          settings  aspect_ratio 4:5
                    image_size 1K
                    modalities text,image
                    seed 7

        Attempts:
          1  2026-11-20 02:00:00  lost after 3 min, maybe billed: to be tried again
             transient, no whole answer from www.anyfast.ai in the time allowed
             cost unknown, $0.0336 reserved
          2  2026-11-20 02:03:10  settled after 4.0 s: done
             finish reason STOP
             tokens 260 in, 1,120 out, 30 for thinking
             cost $0.0336 of $0.0336 reserved

        Files:
          output/spring/mug-7.jpg
             1024 × 1024 pixels, 63,202 bytes, MISSING
             this is not the shape that was asked for, 4:5
             blake3 ab12

        Next:
          overnight retry spring --item mug-7  # puts it back
        ");
    }

    #[test]
    fn the_lines_that_can_be_broken_fit_a_narrow_terminal() {
        let long = page_at(40).lines().filter(|line| line.chars().count() > 40).map(str::to_owned).collect::<Vec<_>>();
        assert!(long.iter().all(|line| line.starts_with("  1  ") || line.starts_with("  2  ")), "{long:#?}");
    }
}
