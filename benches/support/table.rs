//! Figures for people: medians, and lines in columns. Never judges a figure.

use std::time::Duration;

/// The middle one; of an even number the mean of the two in the middle.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count => (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0,
    }
}

/// The median, and between which figures it lies: `4.21 (4.15 to 4.40)`.
pub fn spread(figures: &[f64]) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{} ({} to {})", number(median(figures)), number(least), number(most))
}

/// Three digits or so, whatever the size.
pub fn number(figure: f64) -> String {
    let decimals = match figure.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{figure:.decimals$}")
}

/// Bytes as MB of 1,000,000.
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", number(bytes as f64 / 1e6))
}

/// A time in the unit that suits it.
pub fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{} s", number(seconds)),
        seconds if seconds >= 1e-3 => format!("{} ms", number(seconds * 1e3)),
        seconds => format!("{} µs", number(seconds * 1e6)),
    }
}

/// One line: what, and its figure.
pub fn line(what: &str, figure: &str) {
    println!("  {what:<58} {figure}");
}
