//! What is true of the machine whatever the job. Never changes it.

use jiff::tz::TimeZone;

use super::findings::{Findings, Level};

pub(super) fn look(findings: &mut Findings) {
    match TimeZone::try_system() {
        Ok(zone) => {
            let name = zone.iana_name().map_or("one without a name".to_owned(), str::to_owned);
            findings.add(Level::Ok, "time zone", &format!("{name}, where a job names no other"));
        }
        Err(_) => findings.add(
            Level::Note,
            "time zone",
            "the system's is not known, so days and hours are those of UTC; name one as `timezone` in the job file, or set \
             TZ",
        ),
    }
}
