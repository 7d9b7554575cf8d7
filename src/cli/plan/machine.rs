//! The plan as one JSON document, for scripts. Never rounds.

use std::path::Path;

use serde_json::{Value, json};

use super::forecast::{Forecast, Mark, Marked};
use super::night::NightAhead;
use crate::domain::{Item, Usd};
use crate::job::{Fault, Job};

/// The whole plan.
pub(super) fn document(job: &Job, forecast: &Forecast, night: Option<&NightAhead>) -> String {
    let dollars = |sum: Option<Usd>| sum.map(Usd::dollars);
    let document = json!({
        "job": job.name,
        "rows": forecast.rows,
        "items": forecast.items,
        "new": forecast.new,
        "changed": forecast.changed,
        "unchanged": forecast.unchanged,
        "removed": forecast.removed,
        "requests": forecast.requests,
        "cost_usd": {"expected": dollars(forecast.expected), "worst": dollars(forecast.worst)},
        "duration_s": night.map(|night| night.seconds().round()),
        "night": night.map(NightAhead::document),
        "problems": problems(&forecast.problems),
        "more_problems": forecast.is_cut_off,
        "warnings": problems(&forecast.warnings),
        "kept": forecast.kept,
        "waiting": {"pilot": forecast.beyond_pilot, "not_chosen": forecast.not_chosen, "limit": forecast.beyond_limit},
        "rows_left_out": forecast.left_out,
        "marked": forecast.marks.iter().map(marked).collect::<Vec<_>>(),
        "unfetched": forecast.unfetched,
        "disk_bytes": forecast.disk_bytes(),
        "examples": forecast.examples.iter().map(example).collect::<Vec<_>>(),
    });
    format!("{document}\n")
}

/// A job file that is at fault: nothing is known but that.
pub(super) fn refused(target: &Path, faults: &[Fault]) -> String {
    let job = target.file_stem().unwrap_or_default().to_string_lossy();
    format!("{}\n", json!({"job": job, "problems": problems(faults)}))
}

fn problems(faults: &[Fault]) -> Vec<Value> {
    let problem = |fault: &Fault| json!({"file": fault.file, "line": fault.place.line, "column": fault.place.column, "message": fault.message});
    faults.iter().map(problem).collect()
}

fn marked(Marked { mark, item, what }: &Marked) -> Value {
    let fate = match mark {
        Mark::New => "new",
        Mark::Updated => "updated",
        Mark::Kept => "kept",
        Mark::Same => "unchanged",
        Mark::Gone => "removed",
    };
    json!({"item": item, "mark": mark.sign().to_string(), "fate": fate, "what": what})
}

fn example(item: &Item) -> Value {
    json!({"item": item.id, "name": item.name, "request": item.request})
}
