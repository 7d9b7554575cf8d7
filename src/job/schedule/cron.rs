//! The five fields of a crontab line, understood: which minutes, hours, days, months and weekdays they name. Never knows
//! a time zone.
//!
//! Written here because none of the libraries does what people know from cron where clocks are changed, and because the
//! fields themselves are needed, with their places for mistakes, and to be said again to systemd.

use jiff::civil::{Date, DateTime, Time};

use super::field::{BadCron, Field, KINDS, Kind, field, sundays_as_one};

/// The macros, and what they are short for.
const MACROS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Every date there can be comes within so many days, with its weekday: the 29th of February falls on a Sunday no more
/// than 40 years apart, also where a century has none.
const LONGEST_WAIT: i32 = 41 * 366;

/// A crontab line's times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// As it was written.
    pub written: String,
    /// Minutes of the hour.
    pub minutes: Field,
    /// Hours of the day.
    pub hours: Field,
    /// Days of the month.
    pub days: Field,
    /// Months of the year.
    pub months: Field,
    /// Days of the week, Sunday is 0.
    pub weekdays: Field,
}

impl Cron {
    /// Understands five fields, or one of the macros.
    pub fn parse(text: &str) -> Result<Self, BadCron> {
        if let Some(word) = text.trim().strip_prefix('@') {
            return Self::of_macro(text, word);
        }
        let fields: Vec<(usize, &str)> = words(text).collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            let message = format!(
                "{} stand here; write five: minute, hour, day of the month, month and weekday, such as 0 22 * * * for ten \
                 at night",
                match fields.len() {
                    0 => "no fields".to_owned(),
                    1 => "one field".to_owned(),
                    more => format!("{more} fields"),
                }
            );
            let at = fields.get(5).or(fields.last()).map_or(0, |(at, _)| *at);
            return Err(BadCron { at, message });
        };
        let field = |(at, text), kind: &Kind| field(text, kind).map_err(|bad| BadCron { at: at + bad.at, ..bad });
        let cron = Self {
            written: text.trim().to_owned(),
            minutes: field(minutes, &KINDS[0])?,
            hours: field(hours, &KINDS[1])?,
            days: field(days, &KINDS[2])?,
            months: field(months, &KINDS[3])?,
            weekdays: sundays_as_one(field(weekdays, &KINDS[4])?),
        };
        if cron.next(Date::constant(2001, 1, 1).at(0, 0, 0, 0), None).is_none() {
            let (days, months) = (&cron.days.written, &cron.months.written);
            let message = format!(
                "no date is day {days} of month {months}, so it would never start; write a day that the month has"
            );
            return Err(BadCron { at: fields[2].0, message });
        }
        Ok(cron)
    }

    fn of_macro(text: &str, word: &str) -> Result<Self, BadCron> {
        let named = format!("@{}", word.to_ascii_lowercase());
        match MACROS.iter().find(|(name, _)| *name == named) {
            Some((_, fields)) => Ok(Self { written: text.trim().to_owned(), ..Self::parse(fields)? }),
            None => {
                let names: Vec<&str> = MACROS.iter().map(|(name, _)| *name).collect();
                let message = format!("`@{word}` is no time; write five fields, or one of {}", names.join(", "));
                Err(BadCron { at: text.len() - text.trim_start().len(), message })
            }
        }
    }

    /// Whether it names times of day. With `*` in the minute or the hour it names the passing of time instead, which
    /// goes on while clocks are changed.
    pub fn is_fixed(&self) -> bool {
        !self.minutes.starred && !self.hours.starred
    }

    /// Whether days of the month and weekdays are two ways to be taken, rather than both being demanded: cron's own
    /// rule, where neither begins with `*`.
    pub fn is_either_day(&self) -> bool {
        !self.days.starred && !self.weekdays.starred
    }

    fn has_date(&self, date: Date) -> bool {
        let day = self.days.has(date.day() as u8);
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset() as u8);
        self.months.has(date.month() as u8) && if self.is_either_day() { day || weekday } else { day && weekday }
    }

    /// The first time on a clock that is never changed, from this one on, and no later than on the last day.
    pub fn next(&self, from: DateTime, last: Option<Date>) -> Option<DateTime> {
        let mut date = from.date();
        let mut earliest = from.time();
        for _ in 0..LONGEST_WAIT {
            if last.is_some_and(|last| date > last) {
                return None;
            }
            if let Some(time) = self.has_date(date).then(|| self.time_of_day(earliest)).flatten() {
                return Some(date.to_datetime(time));
            }
            date = date.tomorrow().ok()?;
            earliest = Time::midnight();
        }
        None
    }

    /// The first time of a day that it names, from this one on.
    fn time_of_day(&self, earliest: Time) -> Option<Time> {
        let is_over = earliest.second() > 0 || earliest.subsec_nanosecond() > 0;
        let first = (earliest.hour() as u8, earliest.minute() as u8 + u8::from(is_over));
        let hours = self.hours.values().filter(|hour| *hour >= first.0);
        let mut times = hours.flat_map(|hour| self.minutes.values().map(move |minute| (hour, minute)));
        let (hour, minute) = times.find(|time| *time >= first)?;
        Time::new(hour as i8, minute as i8, 0, 0).ok()
    }
}

/// The words of a text, each with the byte at which it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str, field: usize) -> String {
        let cron = Cron::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad:?}"));
        [&cron.minutes, &cron.hours, &cron.days, &cron.months, &cron.weekdays][field].numbers()
    }

    #[test]
    fn a_field_is_what_every_cron_takes_it_for() {
        for (text, field, expected) in [
            ("*/7 * * * *", 0, "0,7,14,21,28,35,42,49,56"),
            ("1,5-9,50-59/4 * * * *", 0, "1,5-9,50,54,58"),
            ("0 */9 * * *", 1, "0,9,18"),
            ("0 0 1-31/15 * *", 2, "1,16,31"),
            ("0 0 1 JAN,mar-May,12 *", 3, "1,3-5,12"),
            ("0 0 * * 7", 4, "0"),
            ("0 0 * * 5-7", 4, "0,5,6"),
            ("0 0 * * FRI-SUN", 4, "0,5,6"),
            ("0 0 * * SUN-tue", 4, "0-2"),
            ("0 0 * * */2", 4, "0,2,4,6"),
            ("0 0 * * 0-7", 4, "0-6"),
            ("  @Weekly ", 4, "0"),
            ("@hourly", 0, "0"),
            ("@monthly", 2, "1"),
        ] {
            assert_eq!(numbers(text, field), expected, "{text}");
        }
        assert!(Cron::parse("0 22 * * *").unwrap().is_fixed() && !Cron::parse("@hourly").unwrap().is_fixed());
    }

    #[test]
    fn a_mistake_is_told_at_its_place_with_what_would_be_right() {
        for (text, at, words) in [
            ("", 0, "no fields stand here; write five: minute, hour, day of the month, month and weekday"),
            ("0 22 * *", 7, "4 fields stand here; write five"),
            ("0 0 22 * * *", 11, "6 fields stand here; write five"),
            ("60 22 * * *", 0, "`60` is no minute; write *, or numbers from 0 to 59, such as 0, 0,30 or */15"),
            ("0 24 * * *", 2, "`24` is no hour; write *, or numbers from 0 to 23"),
            ("0 22 0 * *", 5, "`0` is no day of the month; write *, or numbers from 1 to 31"),
            ("0 22 * 13 *", 7, "`13` is no month; write *, or numbers from 1 to 12, or a name from JAN to DEC"),
            ("0 22 * * 1,8", 11, "`8` is no weekday; write *, or numbers from 0 to 7, or a name from SUN to SAT"),
            ("0 22 * * MONDAY", 9, "`MONDAY` is no weekday"),
            ("0 22 L * *", 5, "`L` is no day of the month"),
            ("0 22 ? * *", 5, "`?` is no day of the month"),
            ("+5 22 * * *", 0, "`+5` is no minute"),
            ("0, 22 * * *", 2, "`` is no minute"),
            ("*/0 * * * *", 0, "a step of `0` does not go through 0-59; write a whole number from 1 to 59"),
            ("0 */24 * * *", 2, "a step of `24` does not go through 0-23; write a whole number from 1 to 23"),
            ("*/x * * * *", 0, "a step of `x` does not go through 0-59"),
            ("5/10 * * * *", 0, "a step needs a range to go through; write 5-59/10 or */10"),
            ("0 22-2 * * *", 2, "22-2 goes backwards; write 22-23,0-2"),
            ("0 0 * * SAT-MON", 8, "SAT-MON goes backwards; write 6,0-1"),
            ("0 0 31 2 *", 4, "no date is day 31 of month 2, so it would never start; write a day that the month has"),
            ("0 0 31 4,6,9,11 *", 4, "no date is day 31 of month 4,6,9,11"),
            ("@reboot", 0, "`@reboot` is no time; write five fields, or one of @yearly, "),
        ] {
            let bad = Cron::parse(text).unwrap_err();
            assert!(bad.at == at && bad.message.starts_with(words), "{text}: {bad:?}");
        }
    }

    #[test]
    fn a_date_that_comes_seldom_is_found() {
        let next = |text: &str, from: &str| {
            let next = Cron::parse(text).unwrap().next(from.parse().unwrap(), None);
            next.unwrap().to_string()
        };
        assert_eq!(next("0 6 29 2 *", "2026-01-01T00:00"), "2028-02-29T06:00:00");
        assert_eq!(next("0 6 29 2 *", "2096-03-01T00:00"), "2104-02-29T06:00:00", "2100 has none");
        // Where a field begins with `*`, also with a step, both must hold: a 29th of February on a Sunday.
        assert_eq!(next("0 6 29 2 */6", "2026-01-01T00:00"), "2032-02-29T06:00:00");
        // Where neither does, one of them is enough: the 31st of February, or a Monday in it.
        assert_eq!(next("0 6 31 2 MON", "2026-01-01T00:00"), "2026-02-02T06:00:00");
    }

    #[test]
    fn a_field_is_said_again_as_every_cron_reads_it() {
        let cron = Cron::parse("0,30-31 8-17/3 * JAN-MAR FRI-SUN").unwrap();
        let fields = [&cron.minutes, &cron.hours, &cron.days, &cron.months, &cron.weekdays].map(Field::plain);
        assert_eq!(fields, ["0,30,31", "8,11,14,17", "*", "1-3", "0,5,6"]);
    }
}
