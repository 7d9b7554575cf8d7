//! Prometheus' text format: how families, labels and values are written. Never knows what they mean.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use crate::domain::{Timestamp, Usd};

/// A page of metrics that grows by families; one without samples is left out.
#[derive(Debug, Default)]
pub(super) struct Page(String);

/// The samples of one name, which stand together.
pub(super) struct Family<'a> {
    page: &'a mut Page,
    name: &'a str,
    header: Option<String>,
}

impl Page {
    /// Begins the samples of a name.
    pub fn family<'a>(&'a mut self, name: &'a str, kind: &str, help: &str) -> Family<'a> {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        let header = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { page: self, name, header: Some(header) }
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// One value under these labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample_of("", labels, value);
    }

    /// One value under the name with this behind it.
    pub fn sample_of(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let text = &mut self.page.0;
        text.push_str(&self.header.take().unwrap_or_default());
        text.push_str(self.name);
        text.push_str(suffix);
        for (place, (label, value)) in labels.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}{label}=\"{}\"", if place == 0 { '{' } else { ',' }, Escaped(value));
        }
        let _ = writeln!(text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// The value of a label between its quotes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str(r"\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str(r"\n"),
            c => f.write_char(c),
        })
    }
}

/// Billionths as a number, to the last of them: no float comes in between.
fn billionths(nanos: i128) -> String {
    const UNIT: u128 = 1_000_000_000;
    let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let number = format!("{sign}{}.{:09}", size / UNIT, size % UNIT);
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Money in dollars.
pub(super) fn dollars(sum: Usd) -> String {
    billionths(sum.nanos().into())
}

/// A length of time in seconds.
pub(super) fn seconds(length: Duration) -> String {
    billionths(i128::try_from(length.as_nanos()).unwrap_or(i128::MAX))
}

/// A moment in seconds since the epoch.
pub(super) fn moment(time: Timestamp) -> String {
    billionths(i128::from(time.millis()) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_families_without_samples_left_out() {
        let mut page = Page::default();
        page.family("empty", "gauge", "Nothing.");
        let mut family = page.family("a_total", "counter", "One\nor \\ two.");
        family.sample(&[("job", "a\"b\\c\nd"), ("kind", "x")], 7);
        family.sample(&[], "1.5");
        let expected = "# HELP a_total One\\nor \\\\ two.\n# TYPE a_total counter\n\
                        a_total{job=\"a\\\"b\\\\c\\nd\",kind=\"x\"} 7\na_total 1.5\n";
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn money_and_time_are_written_to_the_last_digit() {
        let sums = [0, 1, 33_600_000, 100_000_000_000, 9_007_199_254_740_993, -1_500_000_000].map(Usd::from_nanos);
        assert_eq!(sums.map(dollars), ["0", "0.000000001", "0.0336", "100", "9007199.254740993", "-1.5"]);
        assert_eq!([500, 7_500, 300_000].map(Duration::from_millis).map(seconds), ["0.5", "7.5", "300"]);
        assert_eq!(moment(Timestamp::from_millis(1_795_000_000_120)), "1795000000.12");
    }
}
