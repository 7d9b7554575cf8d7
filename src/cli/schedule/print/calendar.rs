//! A crontab line's times in the words of systemd's timers. Never knows a job.

use jiff::tz::TimeZone;

use crate::job::schedule::{Cron, Field};

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The values of `OnCalendar=` that together mean the same, by the clocks of this zone or the machine's own. Where a day
/// of the month or a weekday is enough, these are two.
pub(super) fn calendar(cron: &Cron, zone: Option<&TimeZone>) -> Vec<String> {
    let time = format!("{}:{}:00", listed(&cron.hours, 0..=23, 2), listed(&cron.minutes, 0..=59, 2));
    let zone = zone.and_then(TimeZone::iana_name).map_or(String::new(), |name| format!(" {name}"));
    let months = listed(&cron.months, 1..=12, 2);
    let days = listed(&cron.days, 1..=31, 2);
    let weekdays = weekdays(&cron.weekdays);
    if cron.is_either_day() {
        return vec![format!("*-{months}-{days} {time}{zone}"), format!("{weekdays}*-{months}-* {time}{zone}")];
    }
    vec![format!("{weekdays}*-{months}-{days} {time}{zone}")]
}

/// The values of a field: systemd counts steps from where they begin, and not always as cron does, so each is named.
fn listed(field: &Field, all: std::ops::RangeInclusive<u8>, width: usize) -> String {
    if all.clone().all(|value| field.has(value)) {
        return "*".to_owned();
    }
    field.values().map(|value| format!("{value:0width$}")).collect::<Vec<_>>().join(",")
}

fn weekdays(field: &Field) -> String {
    if (0..7).all(|day| field.has(day)) {
        return String::new();
    }
    let named: Vec<_> = field.values().filter_map(|day| WEEKDAYS.get(usize::from(day)).copied()).collect();
    named.join(",") + " "
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        calendar(&Cron::parse(text).unwrap(), TimeZone::get("Europe/Berlin").ok().as_ref())
    }

    #[test]
    fn a_crontabs_times_are_said_in_systemds_words() {
        for (cron, expected) in [
            ("* * * * *", "*-*-* *:*:00 Europe/Berlin"),
            ("0 22 * * *", "*-*-* 22:00:00 Europe/Berlin"),
            ("*/25 8-10 * JAN,3 *", "*-01,03-* 08,09,10:00,25,50:00 Europe/Berlin"),
            ("0 22 * * MON-FRI", "Mon,Tue,Wed,Thu,Fri *-*-* 22:00:00 Europe/Berlin"),
            ("0 22 * * 7", "Sun *-*-* 22:00:00 Europe/Berlin"),
            ("0 22 */10 * 1", "Mon *-*-01,11,21,31 22:00:00 Europe/Berlin"),
            ("@monthly", "*-*-01 00:00:00 Europe/Berlin"),
        ] {
            assert_eq!(said(cron), [expected], "{cron}");
        }
        assert_eq!(calendar(&Cron::parse("0 6 * * *").unwrap(), None), ["*-*-* 06:00:00"]);
    }

    #[test]
    fn a_day_of_the_month_or_a_weekday_are_two_values() {
        assert_eq!(said("30 5 13 * FRI"), ["*-*-13 05:30:00 Europe/Berlin", "Fri *-*-* 05:30:00 Europe/Berlin"]);
    }
}
