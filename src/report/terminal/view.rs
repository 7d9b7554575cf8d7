//! What a run looks like, as text: the same tally and width give the same lines. Never writes them anywhere.

use console::{Style, measure_text_width, style};
use jiff::tz::TimeZone;

use crate::domain::{Event, Failure, News};
use crate::report::rest::Fit;
use crate::report::words::{between, count, counted, cut, forecast, one_line, rate};

use super::money::{cap, sums};
use super::paused;
use super::tally::{Tally, hour};

/// The bar is never shorter: below that it says nothing.
const SHORTEST_BAR: usize = 6;
/// The bar is never longer, however wide the terminal: the figures stay near the eye.
const LONGEST_BAR: usize = 40;
/// A terminal that does not tell its width.
pub const USUAL_COLUMNS: usize = 80;

/// How lines are drawn.
#[derive(Debug, Clone)]
pub struct Look {
    /// Columns of the terminal.
    pub columns: usize,
    /// Whether colours may be used. They repeat what words and signs say already, in blue and yellow, which all eyes
    /// tell apart.
    pub colours: bool,
    /// The zone of the clock times.
    pub zone: TimeZone,
    /// Whether a simulator answers, so that nothing is paid.
    pub rehearsal: bool,
}

impl Look {
    fn paint(&self, text: &str, colour: fn(Style) -> Style) -> String {
        colour(Style::new()).force_styling(self.colours).apply_to(text).to_string()
    }
}

/// The line with the bar, below it the money, if any price is known, and what the run is waiting for, if it is, or
/// whether it is done by its deadline, if it has one.
pub fn dashboard(tally: &Tally, look: &Look) -> String {
    let mut lines = progress_line(tally, look);
    if let Some(sums) = sums(tally, look) {
        lines.push('\n');
        lines.push_str(&cut(&sums, look.columns));
    }
    if let Some(reason) = waiting(tally, look) {
        lines.push('\n');
        lines.push_str(&look.paint(&cut(&reason, look.columns), Style::yellow));
    } else if let Some(outlook) = outlook(tally, look) {
        lines.push('\n');
        lines.push_str(&cut(&outlook, look.columns));
    }
    lines
}

/// Bar (done and failed), done of all, failed, in flight, rate, time left. What has no room goes first that is missed least. Each figure
/// has its place and keeps it.
fn progress_line(tally: &Tally, look: &Look) -> String {
    let items = count(tally.items());
    let finished = format!("{:>width$}/{items}", count(tally.done), width = items.len());
    let failed = format!("{:>3} failed", count(tally.failed));
    let in_flight = format!("{:>2} in flight", tally.in_flight());
    let (per_minute, left) = speed(tally);
    let failed_painted = match tally.failed {
        0 => failed.clone(),
        _ => look.paint(&failed, Style::yellow),
    };
    let figures = [
        (4, finished.clone(), finished),
        (3, failed, failed_painted),
        (0, in_flight.clone(), in_flight),
        (1, per_minute.clone(), per_minute),
        (2, left.clone(), left),
    ];
    for least in 0..=4 {
        let shown: Vec<_> = figures.iter().filter(|(weight, ..)| *weight >= least).collect();
        let used: usize = shown.iter().map(|(_, plain, _)| 2 + measure_text_width(plain)).sum();
        if used + SHORTEST_BAR <= look.columns {
            let length = (look.columns - used).min(LONGEST_BAR);
            let painted = shown.iter().map(|(.., painted)| format!("  {painted}"));
            return painted.fold(bar(tally, look, length), |line, figure| line + &figure);
        }
    }
    cut(&figures[0].1, look.columns).into_owned()
}

/// Rate and time left, each as wide as ever; before either can be told, that they are being measured.
fn speed(tally: &Tally) -> (String, String) {
    let (per_minute, left) = (tally.pictures_per_minute(), tally.rest());
    if tally.paused_since.is_some() {
        return (" ".repeat("    0/min".len()), format!("{:>14}", "paused"));
    }
    if per_minute.is_none() && left.is_none() && tally.pause.is_none() {
        return (" ".repeat("    0/min".len()), format!("{:>14}", "measuring"));
    }
    let per_minute = format!("{:>5}/min", per_minute.map_or("–".into(), rate));
    (per_minute, format!("{:>9} left", left.map_or("–".into(), between)))
}

fn bar(tally: &Tally, look: &Look, length: usize) -> String {
    let full = length as u64 * tally.ended() / tally.items().max(1);
    let full = usize::try_from(full).unwrap_or(length).min(length);
    let done = look.paint(&"━".repeat(full), |style| style.blue().bright());
    let rest = look.paint(&"╌".repeat(length - full), Style::dim);
    done + &rest
}

/// Whether the run is done by its deadline, if it has one, unless a cap ends it before.
pub fn outlook(tally: &Tally, look: &Look) -> Option<String> {
    let fit = tally.fit();
    let late = match fit {
        Some((Fit::Perhaps(items) | Fit::Missing(items), _)) => items,
        Some((Fit::Ends(_), _)) | None => 0,
    };
    if tally.short().is_some_and(|short| short > late) {
        return cap(tally);
    }
    let (fit, deadline) = fit?;
    let clock = |time| hour(time, tally.now, &look.zone);
    let by = clock(deadline);
    Some(match fit {
        Fit::Ends(end) => format!("ends about {}, before {by}", clock(end)),
        Fit::Perhaps(items) => format!("up to {} may be missing at {by}", counted(items, "item", "items")),
        Fit::Missing(items) => format!("about {} will be missing at {by}", counted(items, "item", "items")),
    })
}

/// What the run is waiting for and until when.
fn waiting(tally: &Tally, look: &Look) -> Option<String> {
    if tally.halted {
        let in_flight = counted(tally.in_flight() as u64, "request", "requests");
        return Some(format!("stopping: nothing more is sent, {in_flight} in flight will be finished"));
    }
    if let Some(paused) = paused::standing(tally, look) {
        return Some(paused);
    }
    if let Some(pause) = &tally.pause {
        let wait = forecast(pause.until.since(tally.now));
        return Some(format!("paused {}, for {wait} more: {}", paused::until(pause, tally, look), pause.message));
    }
    let (items, trouble) = tally.waiting()?;
    Some(format!("waiting to try {} again: {trouble}", counted(items, "item", "items")))
}

/// What the run starts with: what is to do, what was done before, and until when.
pub fn start(tally: &Tally, look: &Look) -> String {
    let before = &tally.before;
    let all = before.total() - before.cancelled;
    let mut line = if tally.items() == all {
        format!("{}: {} to do", tally.job, counted(all, "item", "items"))
    } else {
        let items = counted(all, "item", "items");
        format!("{}: {} of {items} to do", tally.job, count(tally.items()))
    };
    for (number, what) in [(before.done, "done"), (before.failed_total(), "failed")] {
        if number > 0 {
            line += &format!(", {} {what} before", count(number));
        }
    }
    if let Some(deadline) = tally.deadline {
        line += &format!(", until {}", hour(deadline, tally.now, &look.zone));
    }
    line
}

/// The line that stays for an event that a person should not miss: an item given up, or the whole run halted.
pub fn lasting(event: &Event, look: &Look) -> Option<String> {
    let line = match &event.news {
        News::AttemptEnded { item, outcome: "failed", failure, .. } => failure_line(item, failure.as_ref(), look),
        News::Halted { message } => {
            format!("{} stopping: {}", look.paint("■", Style::yellow), one_line(message))
        }
        _ => return None,
    };
    Some(cut(&line, look.columns).into_owned())
}

fn failure_line(item: &str, failure: Option<&Failure>, look: &Look) -> String {
    let (kind, message) =
        failure.map_or(("failed", String::new()), |failure| (failure.kind.as_str(), one_line(&failure.message)));
    let item = style(one_line(item)).bold().force_styling(look.colours);
    format!("{} {item}  {kind}: {message}", look.paint("✗", Style::yellow))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Counts, Deadline, FailureKind, Timestamp};
    use crate::report::rest::Frame;

    fn look(columns: usize) -> Look {
        Look { columns, colours: false, zone: TimeZone::UTC, rehearsal: false }
    }

    fn tell(tally: &mut Tally, second: i64, news: News) {
        let time = Timestamp::from_millis((1_795_140_000 + second) * 1000);
        let job = "spring".into();
        tally.take(&Event { time, job, news });
    }

    fn start(tally: &mut Tally, items: u64) {
        let counts = Counts { queued: items, ..Counts::default() };
        tell(tally, 0, News::RunStarted { counts, items });
    }

    fn send(tally: &mut Tally, second: i64, item: u64) {
        let item = item.to_string();
        tell(tally, second, News::AttemptStarted { item, attempt: 1, reserved: None });
    }

    fn end(tally: &mut Tally, second: i64, item: u64, outcome: &'static str) {
        send(tally, second, item);
        tell(tally, second, ended(&item.to_string(), outcome, None));
    }

    fn ended(item: &str, outcome: &'static str, failure: Option<Failure>) -> News {
        let item = item.to_owned();
        News::AttemptEnded { item, attempt: 1, outcome, failure, cost: None, file: None, images: 0 }
    }

    /// Of 1,000 items 600 are done and 12 failed in two minutes; 16 are in flight.
    fn midway() -> Tally {
        midway_within(Frame::default())
    }

    fn midway_within(frame: Frame) -> Tally {
        let mut tally = Tally::within(frame);
        start(&mut tally, 1_000);
        (0..600).for_each(|item| end(&mut tally, item as i64 / 5, item, "done"));
        (600..612).for_each(|item| end(&mut tally, 120, item, "failed"));
        (612..628).for_each(|item| send(&mut tally, 120, item));
        tally
    }

    fn pause(tally: &mut Tally) {
        let until = Timestamp::from_millis((1_795_140_000 + 180) * 1000);
        let message = "429 RESOURCE_EXHAUSTED: quota of 300 requests a minute exceeded".into();
        tell(tally, 121, News::Slowed { until, message });
    }

    #[test]
    fn the_line_fits_every_terminal_and_drops_first_what_is_missed_least() {
        let lines = [200, 80, 66, 50, 34, 16, 5].map(|columns| dashboard(&midway(), &look(columns)));
        insta::assert_snapshot!(lines.join("\n"), @r"
        ━━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    300/min       77 s left
        ━━━━━━━━╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    300/min       77 s left
        ━━━━━━━━╌╌╌╌╌╌    600/1,000   12 failed    300/min       77 s left
        ━━━━━╌╌╌╌    600/1,000   12 failed       77 s left
        ━━━━━╌╌╌╌    600/1,000   12 failed
          600/1,000
          60…
        ");
    }

    #[test]
    fn every_figure_keeps_its_place_from_start_to_end() {
        let mut tally = Tally::default();
        start(&mut tally, 1_000);
        let before = dashboard(&tally, &look(80));
        insta::assert_snapshot!([before, dashboard(&midway(), &look(80))].join("\n"), @r"
        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌      0/1,000    0 failed   0 in flight                  measuring
        ━━━━━━━━╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    300/min       77 s left
        ");
    }

    #[test]
    fn with_a_deadline_it_is_said_whether_the_rest_is_in_time() {
        let outlooks = [300, 196, 150].map(|seconds| {
            let until = Some(Timestamp::from_millis((1_795_140_000 + seconds) * 1000));
            outlook(
                &midway_within(Frame { deadline: Deadline { until, max_duration: None }, ..Frame::default() }),
                &look(80),
            )
            .unwrap()
        });
        insta::assert_snapshot!(outlooks.join("\n"), @r"
        ends about 02:03, before 02:05
        up to 17 items may be missing at 02:03
        about 240 items will be missing at 02:02
        ");
        let deadline = Deadline { until: None, max_duration: Some(Duration::from_secs(3_600)) };
        let mut short = Tally::within(Frame { deadline, ..Frame::default() });
        start(&mut short, 9);
        assert_eq!(super::start(&short, &look(80)), "spring: 9 items to do, until 03:00");
    }

    #[test]
    fn few_endings_give_a_range() {
        let mut tally = Tally::default();
        start(&mut tally, 1_000);
        (0..30).for_each(|item| end(&mut tally, item as i64 * 4, item, "done"));
        insta::assert_snapshot!(dashboard(&tally, &look(80)), @r"
        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌     30/1,000    0 failed   0 in flight     16/min  52–77 min left
        ");
    }

    #[test]
    fn a_pause_says_why_and_until_when_and_is_gone_when_it_is_over() {
        let mut tally = midway();
        pause(&mut tally);
        insta::assert_snapshot!(dashboard(&tally, &look(80)), @r"
        ━━━━━━━━╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    298/min      3 min left
        paused until 02:03:00, for 59 s more: 429 RESOURCE_EXHAUSTED: quota of 300 requ…
        ");
        end(&mut tally, 180, 612, "done");
        assert_eq!(dashboard(&tally, &look(80)).lines().count(), 1);
    }

    #[test]
    fn the_clock_moves_the_figures_while_no_event_comes() {
        let mut tally = midway();
        pause(&mut tally);
        let later = |tally: &mut Tally, second: i64| {
            tally.pass(Timestamp::from_millis((1_795_140_000 + second) * 1000));
            dashboard(tally, &look(200))
        };
        insta::assert_snapshot!([later(&mut tally, 150), later(&mut tally, 181)].join("\n"), @r"
        ━━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    240/min      107 s left
        paused until 02:03:00, for 30 s more: 429 RESOURCE_EXHAUSTED: quota of 300 requests a minute exceeded
        ━━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌    600/1,000   12 failed  16 in flight    199/min      115 s left
        ");
    }

    #[test]
    fn when_all_that_is_left_waits_to_be_tried_again_it_is_said_why() {
        let mut tally = Tally::default();
        start(&mut tally, 2);
        (0..2).for_each(|item| send(&mut tally, 0, item));
        tell(&mut tally, 1, News::AttemptLanded { item: "0".into(), attempt: 1 });
        let one_landed = dashboard(&tally, &look(80));
        for item in ["0", "1"] {
            let failure = Failure::new(FailureKind::Transient, "the server had a problem (HTTP 503: overloaded)");
            tell(&mut tally, 1, ended(item, "retry", Some(failure)));
        }
        insta::assert_snapshot!([one_landed, dashboard(&tally, &look(80))].join("\n"), @r"
        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  0/2    0 failed   1 in flight                  measuring
        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  0/2    0 failed   0 in flight                  measuring
        waiting to try 2 items again: the server had a problem (HTTP 503: overloaded)
        ");
        send(&mut tally, 2, 0);
        assert_eq!(dashboard(&tally, &look(80)).lines().count(), 1);
    }

    #[test]
    fn a_halt_says_that_what_is_in_flight_will_be_finished() {
        let mut tally = midway();
        tell(&mut tally, 122, News::Halted { message: "401".into() });
        insta::assert_snapshot!(dashboard(&tally, &look(80)).lines().last().unwrap(), @r"
        stopping: nothing more is sent, 16 requests in flight will be finished
        ");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_even_with_a_million_items_and_colours() {
        let mut tally = Tally::default();
        start(&mut tally, 1_000_000);
        pause(&mut tally);
        for columns in 1..130 {
            let look = Look { colours: true, ..look(columns) };
            for line in dashboard(&tally, &look).lines() {
                assert!(measure_text_width(line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn colours_appear_only_when_they_may() {
        let coloured = Look { colours: true, ..look(80) };
        let line = dashboard(&midway(), &coloured);
        assert!(line.contains('\u{1b}'));
        assert_eq!(console::strip_ansi_codes(&line), dashboard(&midway(), &look(80)));
    }

    #[test]
    fn a_failure_stays_as_one_line_that_cannot_harm_the_terminal() {
        let message = "the model refused:\n\u{1b}[2J\u{1b}[31mIMAGE_SAFETY, and says a good deal more than fits";
        let news = ended("red\u{7}dress", "failed", Some(Failure::new(FailureKind::Refused, message)));
        let (time, job) = (Timestamp::default(), "spring".into());
        insta::assert_snapshot!(lasting(&Event { time, job, news }, &look(60)).unwrap(), @r"
        ✗ red dress  refused: the model refused: IMAGE_SAFETY, and …
        ");
    }
}
