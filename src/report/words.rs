//! Figures and foreign text as people read them. Never decides what is said.

use std::borrow::Cow;
use std::time::Duration;

use super::rest::Rest;
pub use crate::domain::count_words::count;
use crate::domain::event::Interrupt;
use crate::domain::{Usd, is_direction_mark};

/// A count and what is counted: `1 picture`, `2 pictures`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A duration in its two largest units: `0.4 s`, `38 s`, `12 min 5 s`, `3 h 12 min`, `2 d 4 h`.
pub fn duration(length: Duration) -> String {
    if length < Duration::from_secs(10) {
        return format!("{:.1} s", length.as_millis() as f64 / 1e3);
    }
    let seconds = length.as_secs();
    let pair = |whole: u64, unit: &str, rest: u64, small: &str| match rest {
        0 => format!("{} {unit}", count(whole)),
        _ => format!("{} {unit} {rest} {small}", count(whole)),
    };
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// A duration in few characters, rounded as a forecast deserves: `45 s`, `8 min`, `3h 12m`, `2d 04h`.
pub fn forecast(length: Duration) -> String {
    let seconds = length.as_secs_f64().ceil() as u64;
    let minutes = seconds.div_ceil(60);
    match seconds {
        ..120 => format!("{seconds} s"),
        120..=5_400 => format!("{minutes} min"),
        5_401..=86_400 => format!("{}h {:02}m", minutes / 60, minutes % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How long the rest takes, in few characters: `45 s`, `8–10 min`, `3h10–3h40`, `1d04–1d09`.
pub fn between(rest: Rest) -> String {
    let hours = |minutes: u64| format!("{}h{:02}", minutes / 60, minutes % 60);
    let days = |hours: u64| format!("{}d{:02}", hours / 24, hours % 24);
    match ends(rest) {
        None => forecast(rest.middle()),
        Some((least, most, Unit::Second)) => format!("{least}–{most} s"),
        Some((least, most, Unit::Minute)) => format!("{least}–{most} min"),
        Some((least, most, Unit::Minutes)) => format!("{}–{}", hours(least), hours(most)),
        Some((least, most, Unit::Hour)) => format!("{}–{}", days(least), days(most)),
    }
}

/// The same in words: `8 to 10 min`, `3 h 10 min to 3 h 40 min`.
pub fn from_to(rest: Rest) -> String {
    let long = |least: u64, most: u64, unit: u64| {
        let length = |number: u64| duration(Duration::from_secs(number * unit));
        format!("{} to {}", length(least), length(most))
    };
    match ends(rest) {
        None => forecast(rest.middle()),
        Some((least, most, Unit::Second)) => format!("{least} to {most} s"),
        Some((least, most, Unit::Minute)) => format!("{least} to {most} min"),
        Some((least, most, Unit::Minutes)) => long(least, most, 60),
        Some((least, most, Unit::Hour)) => long(least, most, 3_600),
    }
}

/// What a range is told in.
enum Unit {
    /// Ten of them at a time, where there are many.
    Second,
    Minute,
    /// Five of them at a time, where there are hours.
    Minutes,
    Hour,
}

/// The ends of a range in the unit that suits the later; none where one number says as much.
fn ends(rest: Rest) -> Option<(u64, u64, Unit)> {
    let (unit, seconds, step) = match rest.latest.as_secs() {
        ..=90 => (Unit::Second, 1.0, 1),
        91..120 => (Unit::Second, 10.0, 10),
        120..=5_400 => (Unit::Minute, 60.0, 1),
        5_401..=86_400 => (Unit::Minutes, 300.0, 5),
        _ => (Unit::Hour, 3_600.0, 1),
    };
    let least = (rest.soonest.as_secs_f64() / seconds).floor() as u64 * step;
    let most = (rest.latest.as_secs_f64() / seconds).ceil() as u64 * step;
    (!rest.is_close() && least.max(1) < most).then_some((least.max(1), most, unit))
}

/// A rate in as many digits as mean something: `0.4`, `38`, `1,234`.
pub fn rate(per_minute: f64) -> String {
    if per_minute < 9.95 { format!("{per_minute:.1}") } else { count(per_minute.round() as u64) }
}

/// A sum to the cent, and small ones in full: `$1,234.50`, `$0.81`, `$0.0336`.
pub fn money(sum: Usd) -> String {
    let cents = sum.nanos().saturating_add(5_000_000) / 10_000_000;
    match u64::try_from(cents) {
        Ok(cents) if cents >= 10 => format!("${}.{:02}", count(cents / 100), cents % 100),
        _ => sum.to_string(),
    }
}

/// A signal by its name.
pub const fn signal(interrupt: Interrupt) -> &'static str {
    match interrupt {
        Interrupt::Int => "SIGINT",
        Interrupt::Term => "SIGTERM",
    }
}

/// Text from a manifest or a server, made harmless for a terminal and one line: escape sequences are taken out, every
/// other run of controls and blanks becomes one space, and marks that reverse the writing direction are dropped.
pub fn one_line(text: &str) -> String {
    let plain = console::strip_ansi_codes(text);
    let visible: String = plain.chars().filter(|c| !is_direction_mark(*c)).collect();
    let words = visible.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Cuts to a terminal's columns, the last of them an ellipsis if anything was cut.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    console::truncate_str(text, columns, "…")
}

/// Breaks text between words into lines of at most so many columns, except for words that are longer.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let width = console::measure_text_width(word);
        if used > 0 && used + 1 + width > columns {
            lines.push(String::new());
            used = 0;
        }
        // There is always a last line: the first was there from the start.
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
        }
    }
    lines
}

/// One word of a command as a POSIX shell reads it back, quoted only where it must be.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('~') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let counts = [0, 12, 999, 1_000, 54_321, 1_234_567].map(count);
        assert_eq!(counts, ["0", "12", "999", "1,000", "54,321", "1,234,567"]);
        assert_eq!(counted(1, "picture", "pictures"), "1 picture");
        assert_eq!(counted(1_200, "picture", "pictures"), "1,200 pictures");
    }

    #[test]
    fn money_is_rounded_to_cents_unless_they_would_hide_it() {
        let sums = [0, 33_600_000, 806_400_000, 995_000_000, 1_234_504_000_000].map(Usd::from_nanos);
        assert_eq!(sums.map(money), ["$0.00", "$0.0336", "$0.81", "$1.00", "$1,234.50"]);
        assert_eq!(money(Usd::from_nanos(i64::MAX)), "$9,223,372,036.85");
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        let spoken = [400, 9_949, 38_000, 60_000, 725_000, 11_520_000, 187_200_000].map(Duration::from_millis);
        let expected = ["0.4 s", "9.9 s", "38 s", "1 min", "12 min 5 s", "3 h 12 min", "2 d 4 h"];
        assert_eq!(spoken.map(duration), expected);
    }

    #[test]
    fn a_forecast_is_short_and_rounds_up() {
        let lengths = [0, 45, 91, 480, 5_400, 5_401, 86_399, 187_200].map(Duration::from_secs);
        let expected = ["0 s", "45 s", "91 s", "8 min", "90 min", "1h 31m", "24h 00m", "2d 04h"];
        assert_eq!(lengths.map(forecast), expected);
    }

    #[test]
    fn a_range_is_told_in_the_unit_that_suits_it_and_as_one_number_where_that_says_as_much() {
        let rest =
            |soonest, latest| Rest { soonest: Duration::from_secs(soonest), latest: Duration::from_secs(latest) };
        let rests = [
            rest(70, 90),
            rest(95, 115),
            rest(101, 135),
            rest(400, 590),
            rest(11_420, 13_150),
            rest(100_000, 120_000),
            rest(3_000, 3_200),
            rest(0, 30),
            rest(0, 0),
        ];
        assert_eq!(
            rests.map(between),
            ["70–90 s", "90–120 s", "1–3 min", "6–10 min", "3h10–3h40", "1d03–1d10", "52 min", "1–30 s", "0 s"]
        );
        assert_eq!(
            rests.map(from_to)[..6],
            [
                "70 to 90 s",
                "90 to 120 s",
                "1 to 3 min",
                "6 to 10 min",
                "3 h 10 min to 3 h 40 min",
                "1 d 3 h to 1 d 10 h"
            ]
        );
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_hide_or_break_a_line() {
        let hostile =
            "\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m\r\nnext\u{7}\u{9b}31m\u{1b}]0;title\u{7}\tend\u{202e}txt.exe\0";
        let safe = one_line(hostile);
        assert!(!safe.chars().any(|c| c.is_control() || is_direction_mark(c)), "{safe:?}");
        assert_eq!(safe, "red next endtxt.exe");
        assert_eq!(one_line("Käse & 桜 \u{1b}"), "Käse & 桜");
    }

    #[test]
    fn wide_characters_are_cut_and_wrapped_by_columns() {
        assert_eq!(cut("桜桜桜桜", 5), "桜桜…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(wrap("桜桜 ab cd", 6), ["桜桜", "ab cd"]);
        assert_eq!(wrap("averylongword is kept", 6), ["averylongword", "is", "kept"]);
    }

    #[test]
    fn a_printed_command_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("jobs/spring.toml"), "jobs/spring.toml");
        assert_eq!(shell_word("my list.csv"), "'my list.csv'");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
    }
}
