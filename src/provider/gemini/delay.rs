//! How long a server asks to wait, in the four ways servers say it. Pure: never reads a clock.

use std::time::Duration;

use hyper::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use jiff::fmt::rfc2822;

/// A length of time as `RetryInfo` and error messages write it: `58s`, `34.07s`, `900ms`, `1h2m3s`. None when it is
/// malformed, or nothing.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_and_more = &rest[digits..];
        let end = unit_and_more.find(|c: char| c.is_ascii_digit());
        let (unit, more) = unit_and_more.split_at(end.unwrap_or(unit_and_more.len()));
        seconds += number * unit_seconds(unit)?;
        rest = more;
    }
    positive(seconds)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(0.001),
        _ => None,
    }
}

fn positive(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

/// What a message says in words: "Please retry in 58.2s."
pub(super) fn in_message(message: &str) -> Option<Duration> {
    const WORDS: &str = "retry in ";
    // Only ASCII letters change here, so positions stay those of the message.
    let start = message.to_ascii_lowercase().find(WORDS)? + WORDS.len();
    let token = message[start..].split_whitespace().next()?;
    parse(token.trim_end_matches(['.', ',', ';', ')']))
}

/// What the header `Retry-After` says: seconds, or a date, which is held against the server's own `Date`.
pub(super) fn in_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return positive(seconds);
    }
    let parser = rfc2822::DateTimeParser::new();
    let until = parser.parse_timestamp(text).ok()?;
    let now = parser.parse_timestamp(headers.get(DATE).map(HeaderValue::as_bytes)?).ok()?;
    Duration::try_from(until.duration_since(now)).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|&(name, value)| {
            let name = hyper::header::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn lengths_of_time_are_read_as_servers_write_them() {
        let cases = [
            ("58s", Some(58_000)),
            ("34.07s", Some(34_070)),
            ("900ms", Some(900)),
            ("1h2m3.5s", Some(3_723_500)),
            ("0s", None),
            ("-5s", None),
            ("58", None),
            ("s", None),
            ("1.2.3s", None),
            ("99999999999999999999999s", None),
            ("", None),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn a_message_may_name_the_wait() {
        let wait = in_message("You exceeded your quota.\nPlease retry in 58.2s.");
        assert_eq!(wait, Some(Duration::from_millis(58_200)));
        assert_eq!(in_message("İ Retry in 9s, please"), Some(Duration::from_secs(9)));
        assert_eq!(in_message("Please retry in a moment"), None);
        assert_eq!(in_message("Please retry in "), None);
    }

    #[test]
    fn a_retry_after_is_seconds_or_a_date_against_the_servers_own() {
        assert_eq!(in_headers(&headers(&[("retry-after", "17")])), Some(Duration::from_secs(17)));
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        let later = ("retry-after", "Sun, 22 Nov 2026 10:01:30 GMT");
        assert_eq!(in_headers(&headers(&[date, later])), Some(Duration::from_secs(90)));
        assert_eq!(in_headers(&headers(&[later])), None, "without a date there is no now to count from");
        let past = ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT");
        assert_eq!(in_headers(&headers(&[date, past])), None);
        assert_eq!(in_headers(&headers(&[("retry-after", "soon")])), None);
        assert_eq!(in_headers(&headers(&[])), None);
    }
}
