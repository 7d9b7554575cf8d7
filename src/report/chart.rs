//! A run over time as a few lines of text: what is sent, what is throttled, what it costs. The same course and width give
//! the same lines. Never writes them anywhere.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::words::{count, counted, money};
use crate::domain::{Course, Slice, Timestamp, Usd};

/// An eighth of a column's height each.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns that the names take, in front of the chart.
const NAMES: usize = 12;
/// Columns that the figures take, behind it.
const FIGURES: usize = 24;
/// The chart is never wider: the figures stay near the eye.
const WIDEST: usize = 96;
/// Nor narrower: below that it shows nothing.
const NARROWEST: usize = 8;
/// The clock stands so many columns apart, at least.
const CLOCK_EVERY: usize = 8;

/// Draws the course on so many columns, with the clock of the zone above it.
pub fn chart(course: &Course, columns: usize, zone: &TimeZone) -> Vec<String> {
    let width = columns.saturating_sub(NAMES + FIGURES).clamp(NARROWEST, WIDEST);
    let (slices, step) = course.in_at_most(width);
    if slices.is_empty() {
        return Vec::new();
    }
    let total = course.total();
    let most = slices.iter().map(|slice| slice.sent).max().unwrap_or_default();
    // What went wrong is drawn as high as what was sent: a few of many are little.
    let requests = |name, figure: fn(&Slice) -> u64, words| row(name, slices.iter().map(figure), most, words);
    let mut lines = vec![clock(course, slices.len(), step, zone)];
    lines.push(requests(
        "sent",
        |slice| slice.sent,
        format!("{} in the fullest minute", count(course.fullest_minute())),
    ));
    if total.throttled > 0 {
        lines.push(requests("throttled", |slice| slice.throttled, format!("{} in all", count(total.throttled))));
    }
    if total.missed > 0 {
        let attempts = format!("{} in vain", counted(total.missed, "attempt", "attempts"));
        lines.push(requests("in vain", |slice| slice.missed, attempts));
    }
    if total.cost > Usd::ZERO {
        let sums = slices.iter().scan(Usd::ZERO, |sum, slice| {
            *sum += slice.cost;
            Some(sum.nanos().unsigned_abs())
        });
        lines.push(row("money", sums, total.cost.nanos().unsigned_abs(), money(total.cost)));
    }
    lines
}

fn row(name: &str, figures: impl Iterator<Item = u64>, most: u64, words: String) -> String {
    let blocks: String = figures.map(|figure| block(figure, most)).collect();
    format!("  {name:<width$}{blocks}  {words}", width = NAMES - 2)
}

/// What is not nothing is seen.
fn block(figure: u64, most: u64) -> char {
    let eighths = (figure as f64 / most.max(1) as f64 * 8.0).round() as usize;
    BLOCKS[if figure > 0 { eighths.clamp(1, 8) } else { 0 }]
}

/// The time of day above the slices that begin then; with seconds where minutes would repeat.
fn clock(course: &Course, slices: usize, step: Duration, zone: &TimeZone) -> String {
    let after = |places: usize| step.saturating_mul(u32::try_from(places).unwrap_or(u32::MAX));
    let (every, format) = match after(CLOCK_EVERY) < Duration::from_secs(60) {
        true => (CLOCK_EVERY * 2, "%H:%M:%S"),
        false => (CLOCK_EVERY, "%H:%M"),
    };
    let times = (0..slices).step_by(every).map(|place| {
        let time = time_of_day(course.start().after(after(place)), format, zone);
        format!("{time:<every$}")
    });
    format!("{:NAMES$}{}", "", times.collect::<String>()).trim_end().to_owned()
}

fn time_of_day(moment: Timestamp, format: &str, zone: &TimeZone) -> String {
    let moment = jiff::Timestamp::from_millisecond(moment.millis()).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(zone.clone()).strftime(format).to_string()
}

#[cfg(test)]
mod tests {

    use super::*;

    /// From 22:00 on for five hours, in ten-second steps: 600 a minute, a slow hour, and some that are throttled.
    fn night() -> Course {
        let start = Timestamp::from_millis(1_764_367_200_000);
        let mut course = Course::starting(start);
        for step in 0..1_800_u64 {
            let slice = course.at(start.after(Duration::from_secs(step * 10)));
            let slow = (720..1_080).contains(&step);
            slice.sent += if slow { 30 } else { 100 };
            slice.throttled += u64::from(step % 400 == 0) * 3;
            slice.missed += u64::from(slow && step % 2 == 0);
            slice.cost += Usd::from_nanos(33_600_000).times(if slow { 29 } else { 100 });
        }
        course
    }

    #[test]
    fn a_night_is_seen_at_a_glance() {
        insta::assert_snapshot!(chart(&night(), 80, &TimeZone::UTC).join("\n"), @r"
                    22:00   23:08   00:16   01:24   02:33
          sent      ██████████████▃▂▂▂▂▂▂▇█████████████▁  609 in the fullest minute
          throttled ▁      ▁       ▁       ▁       ▁      15 in all
          in vain                 ▁▁▁▁▁▁▁▁                180 attempts in vain
          money     ▁▁▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇███  $5,189.18
        ");
    }

    #[test]
    fn a_narrow_terminal_and_a_short_run_get_a_chart_too() {
        assert!(chart(&night(), 20, &TimeZone::UTC).iter().all(|line| line.chars().count() < 60));
        let start = Timestamp::default();
        assert!(chart(&Course::starting(start), 80, &TimeZone::UTC).is_empty());
        let mut short = Course::starting(start);
        short.at(start).sent = 3;
        insta::assert_snapshot!(chart(&short, 80, &TimeZone::UTC).join("\n"), @r"
                    00:00:00
          sent      █  3 in the fullest minute
        ");
    }
}
