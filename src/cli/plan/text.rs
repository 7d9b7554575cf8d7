//! The plan as people read it: what is new, changed and gone, what it costs, a few prompts. Never more than a screen, but
//! for what was asked for.

use std::path::Path;

use super::super::args::PlanArgs;
use super::forecast::{Forecast, Mark, Marked};
use super::night::NightAhead;
use crate::domain::{Item, PriceList, Room};
use crate::job::Job;
use crate::report::terminal::stdout_columns;
use crate::report::words::{count, counted, cut, money, one_line, wrap};

/// So many items of a kind are named, and then counted.
const MOST_NAMED: usize = 8;
/// Where the facts stand, behind their names.
const INDENT: usize = 12;
/// A prompt gets so many lines.
const PROMPT_LINES: usize = 3;

/// What the plan is told with.
pub(super) struct Around<'a> {
    /// The room where the pictures go; none if nobody knows.
    pub room: Option<Room>,
    pub args: &'a PlanArgs,
    pub current_dir: &'a Path,
}

/// The whole page, with a line end behind the last line.
pub(super) fn page(job: &Job, forecast: &Forecast, night: Option<&NightAhead>, around: &Around<'_>) -> String {
    let columns = stdout_columns();
    let mut lines = vec![headline(job, forecast), String::new()];
    lines.extend(fates(forecast, around.args.items));
    lines.push(String::new());
    lines.extend(facts(job, forecast, night, around).into_iter().flat_map(|(name, text)| fact(name, &text, columns)));
    let drawn = night.map(|night| night.drawn(columns)).unwrap_or_default();
    if !drawn.is_empty() {
        lines.push(String::new());
        lines.extend(drawn);
    }
    lines.extend(examples(forecast, columns));
    lines.extend(forecast.warnings.iter().map(|warning| format!("warning: {}", one_line(&warning.to_string()))));
    lines.join("\n") + "\n"
}

fn headline(job: &Job, forecast: &Forecast) -> String {
    let rows = counted(forecast.rows, "row", "rows");
    let left_out = match forecast.left_out {
        0 => String::new(),
        number => format!(", {} left out by `where`", count(number)),
    };
    let items = counted(forecast.items, "item", "items");
    format!("{}: {} of {rows}{left_out} in {}", one_line(&job.name), items, one_line(&job.manifest_shown))
}

/// What becomes of the items, a line a kind, with some of them by name.
fn fates(forecast: &Forecast, lists_all: bool) -> Vec<String> {
    let updated = forecast.changed - forecast.marks.iter().filter(|marked| marked.mark == Mark::Kept).count() as u64;
    let kinds = [
        (Mark::New, forecast.new, "new"),
        (Mark::Updated, updated, "changed, and made as the list says now"),
        (Mark::Kept, forecast.changed - updated, "changed, but finished or begun: kept as asked for before"),
        (Mark::Same, forecast.unchanged, "as before"),
        (Mark::Gone, forecast.removed, "without a row any more; pictures stay"),
    ];
    let mut lines = Vec::new();
    for (mark, number, words) in kinds.into_iter().filter(|(_, number, _)| *number > 0) {
        let detail = if mark == Mark::Same { standing(forecast) } else { String::new() };
        lines.push(format!("  {} {} {words}{detail}", mark.sign(), count(number)));
        let marked: Vec<&Marked> = forecast.marks.iter().filter(|marked| marked.mark == mark).collect();
        let most = if lists_all { usize::MAX } else { MOST_NAMED };
        lines.extend(marked.iter().take(most).map(|marked| named(marked)));
        if marked.len() > most {
            lines.push(format!("      and {} more; --items names all", count((marked.len() - most) as u64)));
        }
    }
    lines
}

/// How the unchanged items stand.
fn standing(forecast: &Forecast) -> String {
    let waiting = forecast.unchanged - forecast.done - forecast.failed;
    let kinds = [(forecast.done, "done"), (forecast.failed, "failed"), (waiting, "waiting or taken out")];
    let told: Vec<String> = kinds
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(number)))
        .collect();
    format!(": {}", told.join(", "))
}

fn named(Marked { item, what, .. }: &Marked) -> String {
    match what.is_empty() {
        true => format!("      {}", one_line(item)),
        false => format!("      {}: {}", one_line(item), one_line(&what.join(", "))),
    }
}

fn facts(
    job: &Job,
    forecast: &Forecast,
    night: Option<&NightAhead>,
    around: &Around<'_>,
) -> Vec<(&'static str, String)> {
    let mut facts = vec![("to send", to_send(forecast))];
    if forecast.requests > 0 {
        facts.push(("cost", cost(job, forecast)));
        facts.extend(night.map(NightAhead::facts).unwrap_or_default());
        facts.push(("disk", disk(forecast, around.room)));
    }
    let output = job.output.strip_prefix(around.current_dir).unwrap_or(&job.output);
    facts.push(("pictures", output.display().to_string()));
    if let Some(first) = forecast.unfetched.first() {
        let number = counted(forecast.unfetched.len() as u64, "reference is", "references are");
        facts.push(("addresses", format!("{number} still to be fetched, once: {} …", one_line(first))));
    }
    facts
}

fn to_send(forecast: &Forecast) -> String {
    let mut words = match forecast.requests {
        0 => "nothing".to_owned(),
        number => format!("{}, one an item", counted(number, "request", "requests")),
    };
    if forecast.beyond_pilot > 0 {
        words += &format!("; {} more wait until the pilot is approved", count(forecast.beyond_pilot));
    }
    if forecast.not_chosen > 0 {
        words += &format!("; {} others wait and are not chosen", count(forecast.not_chosen));
    }
    if forecast.beyond_limit > 0 {
        words += &format!("; {} more wait beyond the limit", count(forecast.beyond_limit));
    }
    if forecast.kept > 0 {
        words += &format!("; {} more with --changed", count(forecast.kept));
    }
    words
}

fn cost(job: &Job, forecast: &Forecast) -> String {
    let Some((expected, worst)) = forecast.expected.zip(forecast.worst) else {
        let model =
            forecast.unpriced.as_deref().map_or("the model".to_owned(), |model| format!("`{}`", one_line(model)));
        return format!("not known: nobody knows what {model} costs; --price-per-image says it");
    };
    let nothing = if job.rehearse { "nothing, this is a rehearsal; else " } else { "" };
    format!(
        "{nothing}{} if each comes at once, {} if each took all {} attempts and each were billed; {}",
        money(expected),
        money(worst),
        job.max_attempts,
        price(forecast)
    )
}

/// Where the price comes from.
fn price(forecast: &Forecast) -> String {
    let listed = PriceList::LISTED;
    match (forecast.at_given_price, forecast.at_list_price) {
        (0, _) => format!("pictures only, at the list price of {listed}"),
        (_, 0) => "at the given price".to_owned(),
        (_, some) => {
            let models = counted(some, "request", "requests");
            format!("at the given price, {models} at the list price of {listed}, which is for pictures only")
        }
    }
}

fn disk(forecast: &Forecast, room: Option<Room>) -> String {
    let megabytes = |bytes: u64| match bytes / 1_000_000 {
        small @ 0..10_000 => format!("{} MB", count(small)),
        large => format!("{} GB", count(large / 1000)),
    };
    let needed = format!("about {}", megabytes(forecast.disk_bytes()));
    match room.filter(|room| room.free < u64::MAX) {
        Some(room) if room.free < forecast.disk_bytes() => {
            format!("{needed}, but only {} are free: make room first", megabytes(room.free))
        }
        Some(room) => format!("{needed}; {} are free", megabytes(room.free)),
        None => needed,
    }
}

/// A fact behind its name, over as many lines as it needs.
fn fact(name: &str, text: &str, columns: usize) -> Vec<String> {
    let lines = wrap(text, columns.saturating_sub(INDENT).max(20));
    let line = |(number, line): (usize, &String)| {
        format!("  {:<width$}{line}", if number == 0 { name } else { "" }, width = INDENT - 2)
    };
    lines.iter().enumerate().map(line).collect()
}

/// The first prompts that would be sent.
fn examples(forecast: &Forecast, columns: usize) -> Vec<String> {
    if forecast.examples.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "As it would be sent:".to_owned()];
    for item in &forecast.examples {
        lines.push(cut(&format!("  {}", one_line(&headed(item))), columns).into_owned());
        let prompt = wrap(&one_line(&item.request.prompt), columns.saturating_sub(6).max(20));
        let cut_off = prompt.len() > PROMPT_LINES;
        lines.extend(prompt.iter().take(PROMPT_LINES).map(|line| format!("    {line}")));
        if let Some(last) = lines.last_mut().filter(|_| cut_off) {
            *last = format!("{} …", last.trim_end_matches(['…', ' ']));
        }
    }
    lines
}

/// The item, and what goes with its prompt.
fn headed(item: &Item) -> String {
    let ratio = item.request.aspect_ratio.map(|ratio| ratio.to_string());
    let with = item.request.references.iter().cloned().chain(ratio).collect::<Vec<_>>().join(", ");
    if with.is_empty() { item.id.to_string() } else { format!("{} ({with})", item.id) }
}
