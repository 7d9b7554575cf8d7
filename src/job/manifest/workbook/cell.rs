//! What a cell of a sheet says as text, as a CSV export of the sheet would have it. Never knows a style but that of dates
//! and times.

use calamine::{DataRef, ExcelDateTime};

use crate::job::fault::Place;

/// A cell's text; or the error that stands in it, such as `#N/A`.
pub fn text(value: &DataRef) -> Result<String, String> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => moment_text(*moment),
        DataRef::Error(error) => return Err(error.to_string()),
    })
}

/// A number without exponent, and without the digits that only the machine has: a spreadsheet shows fifteen.
fn number_text(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    // Zero may have a sign, which nobody writes.
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A date, with its time where there is one; a mere time; or a length of time in hours.
fn moment_text(moment: ExcelDateTime) -> String {
    let days = moment.as_f64();
    if moment.is_duration() {
        let seconds = (days.abs() * DAY).round();
        let sign = if days < 0.0 && seconds > 0.0 { "-" } else { "" };
        let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
        return format!("{sign}{hours}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    if (0.0..1.0).contains(&days) {
        time
    } else if (hour, minute, second, milli) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date}T{time}")
    }
}

/// A place as a spreadsheet calls it: `C7`; none of a whole row.
pub fn address(place: Place) -> Option<String> {
    let mut column = place.column?;
    let mut letters = Vec::new();
    while column > 0 {
        let digit = (column - 1) % 26;
        letters.push(char::from(b'A' + digit as u8));
        column = (column - 1) / 26;
    }
    Some(letters.iter().rev().collect::<String>() + &place.line.to_string())
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (number, written) in [
            (7.0, "7"),
            (-0.0, "0"),
            (4_006_381_333_931.0, "4006381333931"),
            (0.1 + 0.2, "0.3"),
            (19.99, "19.99"),
            (1e21, "1000000000000000000000"),
            (-1.5e-7, "-0.00000015"),
        ] {
            assert_eq!(number_text(number), written);
        }
    }

    #[test]
    fn dates_are_written_from_year_to_second_and_lengths_in_hours() {
        let moment = |days, kind| moment_text(ExcelDateTime::new(days, kind, false));
        for (days, written) in [
            (45_943.0, "2025-10-13"),
            (45_943.541, "2025-10-13T12:59:02.400"),
            (0.75, "18:00:00"),
            (-1.0, "1899-12-31"),
        ] {
            assert_eq!(moment(days, ExcelDateTimeType::DateTime), written);
        }
        assert_eq!(moment(1.5, ExcelDateTimeType::TimeDelta), "36:00:00");
        assert_eq!(moment(-0.125, ExcelDateTimeType::TimeDelta), "-3:00:00");
        for odd in [f64::NAN, f64::INFINITY, -1e300, 1e300] {
            moment(odd, ExcelDateTimeType::DateTime);
            moment(odd, ExcelDateTimeType::TimeDelta);
        }
    }

    #[test]
    fn a_cell_is_called_as_the_spreadsheet_does() {
        for (column, called) in [(1, "A7"), (26, "Z7"), (27, "AA7"), (703, "AAA7"), (16_384, "XFD7")] {
            assert_eq!(address(Place::new(7, column)).unwrap(), called);
        }
        assert_eq!(address(Place::line(7)), None);
    }
}
