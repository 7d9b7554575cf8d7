//! The metrics by name, each with its help: this is the one place that lists them. Never counts anything.

use super::figures::{Figures, OUTCOMES};
use super::histogram::Histogram;
use super::page::{Family, Page, dollars, moment, seconds};
use crate::domain::FailureKind;

/// The figures of each of these jobs.
type Jobs<'a> = [(&'a str, &'a Figures)];

/// The page of these jobs.
pub(super) fn text(jobs: &Jobs<'_>) -> String {
    let mut page = Page::default();
    let mut build = page.family("overnight_build_info", "gauge", "The program that tells this: always 1.");
    build.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(&mut page, jobs);
    items(&mut page, jobs);
    money(&mut page, jobs);
    runs(&mut page, jobs);
    page.into_text()
}

fn requests(page: &mut Page, jobs: &Jobs<'_>) {
    let help =
        "Requests that left and ended, by what became of the attempt: done, retry, failed, or returned uncounted.";
    let mut family = page.family("overnight_requests_total", "counter", help);
    for (job, figures) in jobs {
        for (outcome, count) in OUTCOMES.iter().zip(figures.requests) {
            family.sample(&[("job", job), ("outcome", outcome)], count);
        }
    }
    let help =
        "Answers to them by HTTP status, also those that broke off; what was reset or timed out before has none.";
    let mut family = page.family("overnight_responses_total", "counter", help);
    for (job, figures) in jobs {
        for (status, count) in &figures.responses {
            family.sample(&[("job", job), ("code", &status.to_string())], count);
        }
    }
    let help = "Attempts that gave nothing, by whose fault that was.";
    let mut family = page.family("overnight_failures_total", "counter", help);
    for (job, figures) in jobs {
        for kind in FailureKind::ALL {
            let count = figures.failures.get(kind).copied().unwrap_or_default();
            family.sample(&[("job", job), ("kind", kind.as_str())], count);
        }
    }
    let help = "How often sending was held back: for the server, a quota or a disk.";
    count(page, jobs, "overnight_slowdowns_total", help, |figures| figures.slowdowns);
    let help = "Until when sending is held back, or last was.";
    gauge(page, jobs, "overnight_slowed_until_timestamp_seconds", help, |figures| figures.slowed_until.map(moment));
    let help = "Requests on their way.";
    gauge(page, jobs, "overnight_attempts_in_flight", help, |figures| Some(figures.in_flight.to_string()));
    let help =
        "How long requests took until their answer was there, or would never come, by what became of the attempt.";
    let mut family = page.family("overnight_attempt_duration_seconds", "histogram", help);
    for (job, figures) in jobs {
        for (outcome, histogram) in OUTCOMES.iter().zip(&figures.durations) {
            buckets(&mut family, job, outcome, histogram);
        }
    }
}

fn buckets(family: &mut Family<'_>, job: &str, outcome: &str, histogram: &Histogram) {
    let labels = [("job", job), ("outcome", outcome)];
    let bounded = histogram.up_to().map(|(end, count)| (seconds(end), count));
    for (end, count) in bounded.chain([("+Inf".to_owned(), histogram.count())]) {
        family.sample_of("_bucket", &[labels[0], labels[1], ("le", &end)], count);
    }
    family.sample_of("_sum", &labels, seconds(histogram.sum()));
    family.sample_of("_count", &labels, histogram.count());
}

fn items(page: &mut Page, jobs: &Jobs<'_>) {
    let mut family = page.family("overnight_items", "gauge", "The job's items by state, from its database.");
    for (job, figures) in jobs {
        let counts = &figures.standing.counts;
        let states = [
            ("queued", counts.queued),
            ("running", counts.running),
            ("done", counts.done),
            ("failed", counts.failed_total()),
            ("cancelled", counts.cancelled),
        ];
        for (state, items) in states {
            family.sample(&[("job", job), ("state", state)], items);
        }
    }
    let help = "Items that ended: done, with a picture, or failed, given up.";
    let mut family = page.family("overnight_items_finished_total", "counter", help);
    for (job, figures) in jobs {
        for (outcome, items) in [("done", figures.done), ("failed", figures.failed)] {
            family.sample(&[("job", job), ("outcome", outcome)], items);
        }
    }
    count(page, jobs, "overnight_images_total", "Images received and kept.", |figures| figures.images);
}

fn money(page: &mut Page, jobs: &Jobs<'_>) {
    let help = "What settled attempts cost, in US dollars; absent where no price is known.";
    let mut family = page.family("overnight_cost_usd_total", "counter", help);
    for (job, figures) in jobs {
        if let Some(cost) = figures.cost {
            family.sample(&[("job", job)], dollars(cost));
        }
    }
    let held = |figures: &Figures| figures.standing.held;
    let help = "What the job has cost over all its runs, in US dollars, from its database.";
    gauge(page, jobs, "overnight_cost_settled_usd", help, |figures| held(figures).map(|held| dollars(held.settled)));
    let help = "What is set aside for requests on their way, in US dollars, from the job's database.";
    gauge(page, jobs, "overnight_cost_reserved_usd", help, |figures| held(figures).map(|held| dollars(held.reserved)));
    let help = "What lost requests of the job may yet be billed, over all its runs, in US dollars, from its database.";
    gauge(page, jobs, "overnight_cost_lost_usd", help, |figures| held(figures).map(|held| dollars(held.lost)));
}

fn runs(page: &mut Page, jobs: &Jobs<'_>) {
    let help = "When the last run began.";
    gauge(page, jobs, "overnight_run_start_time_seconds", help, |figures| figures.run_started.map(moment));
    let help = "When the last run ended, or could not begin; absent while one is on.";
    gauge(page, jobs, "overnight_run_end_time_seconds", help, |figures| figures.run_ended.map(moment));
    let help = "Whether a person paused the job: 1 or 0, from its database.";
    gauge(page, jobs, "overnight_paused", help, |figures| Some(u8::from(figures.standing.is_paused).to_string()));
    let help = "The exit code of the last run that ended since the program started.";
    gauge(page, jobs, "overnight_last_run_exit_code", help, |figures| figures.exit_code.map(|code| code.to_string()));
    let help = "When a run last left nothing to do, though items may have failed for good; from the job's database.";
    gauge(page, jobs, "overnight_last_success_timestamp_seconds", help, |figures| {
        figures.standing.completed_at.map(moment)
    });
}

/// A counter with no label but the job.
fn count(page: &mut Page, jobs: &Jobs<'_>, name: &str, help: &str, of: impl Fn(&Figures) -> u64) {
    let mut family = page.family(name, "counter", help);
    for (job, figures) in jobs {
        family.sample(&[("job", job)], of(figures));
    }
}

/// A gauge with no label but the job, where it is known.
fn gauge(page: &mut Page, jobs: &Jobs<'_>, name: &str, help: &str, of: impl Fn(&Figures) -> Option<String>) {
    let mut family = page.family(name, "gauge", help);
    for (job, figures) in jobs {
        if let Some(value) = of(figures) {
            family.sample(&[("job", job)], value);
        }
    }
}
