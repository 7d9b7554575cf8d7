//! Why nothing is sent for a while, as text: a person paused the run, or the server asked for patience. Never tells when a
//! person will end it: nobody knows.

use super::tally::{Pause, Tally, wall_clock};
use super::view::Look;
use crate::domain::News;
use crate::report::words::{counted, duration, shell_word};

/// The line for when it begins and for when it is over; none for other news.
pub fn news(news: &News, tally: &Tally, look: &Look) -> Option<String> {
    match news {
        News::Paused { .. } => standing(tally, look),
        News::Resumed { after } => Some(format!("resumed after {}: sending goes on", duration(*after))),
        _ => None,
    }
}

/// That it is paused, since when, and what ends that; none while it is not.
pub fn standing(tally: &Tally, look: &Look) -> Option<String> {
    let since = wall_clock(tally.paused_since?, tally.now, &look.zone);
    let in_flight = match tally.in_flight() as u64 {
        0 => String::new(),
        number => format!(", {} in flight will be finished", counted(number, "request", "requests")),
    };
    let flag = if look.rehearsal { " --rehearse" } else { "" };
    let resume = format!("overnight resume {}{flag}", shell_word(&tally.job));
    Some(format!("paused since {since}{in_flight}; `{resume}` lets it go on"))
}

/// That the server asked for patience, until when, and in which words.
pub fn asked_for(pause: &Pause, tally: &Tally, look: &Look) -> String {
    format!("paused {}: {}", until(pause, tally, look), pause.message)
}

/// When that is over.
pub fn until(pause: &Pause, tally: &Tally, look: &Look) -> String {
    format!("until {}", wall_clock(pause.until, tally.now, &look.zone))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::{Counts, Event, Timestamp};

    #[test]
    fn a_pause_is_told_with_what_ends_it_and_hides_no_time_in_the_rate() {
        let look = Look { columns: 80, colours: false, zone: TimeZone::UTC, rehearsal: true };
        let mut tally = Tally::default();
        let mut tell = |second: u64, news: News| {
            let time = Timestamp::from_millis(1_795_140_000_000).after(Duration::from_secs(second));
            tally.take(&Event { time, job: "the spring".into(), news });
            (standing(&tally, &look), tally.rest().is_some(), tally.pictures_per_minute())
        };
        tell(0, News::RunStarted { counts: Counts::default(), items: 1_000 });
        let end = |item: u64| News::AttemptEnded {
            item: item.to_string(),
            attempt: 1,
            outcome: "done",
            failure: None,
            cost: None,
            images: 1,
            file: None,
        };
        let before = (0..60).map(|item| tell(item, end(item))).last().unwrap();
        assert!(before.0.is_none() && before.1);
        tell(60, News::AttemptStarted { item: "60".into(), attempt: 1, reserved: None });
        let since = Timestamp::from_millis(1_795_140_060_000);
        let (words, has_rest, _) = tell(60, News::Paused { since });
        let expected = "paused since 02:01:00, 1 request in flight will be finished; \
                        `overnight resume 'the spring' --rehearse` lets it go on";
        assert_eq!((words.as_deref(), has_rest), (Some(expected), false));
        let (words, has_rest, rate) = tell(61, end(60));
        assert!(words.unwrap().starts_with("paused since 02:01:00; `overnight") && !has_rest && rate.is_none());
        let (words, has_rest, rate) = tell(7_260, News::Resumed { after: Duration::from_secs(7_200) });
        assert!(words.is_none() && has_rest, "what came before it is as long ago as if it had not been");
        assert!((rate.unwrap() - before.2.unwrap()).abs() < 3.0, "{rate:?} {before:?}");
    }
}
