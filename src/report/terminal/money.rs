//! The money of a run and of its job, as text. Never adds anything up but what both spent.

use crate::domain::{Held, Usd};
use crate::report::words::{count, money};

use super::tally::Tally;
use super::view::Look;

/// What the job has spent and may spend, what may be billed yet, and what it will come to.
pub fn sums(tally: &Tally, look: &Look) -> Option<String> {
    let (of_run, purse) = (tally.held()?, tally.purse());
    let held: Held = purse.before + of_run;
    let mut words = format!("spent {}", money(held.settled));
    if let Some(most) = purse.job {
        words += &format!(" of {}", money(most));
    }
    if let Some(most) = purse.run {
        words += &format!(" ({} of {} in this run)", money(of_run.settled), money(most));
    }
    words += &format!(", {} reserved", money(held.reserved));
    if held.lost > Usd::ZERO {
        words += &format!(", {} lost", money(held.lost));
    }
    if let Some(sum) = tally.projected() {
        words += &format!(", about {} in all", money(sum));
    }
    Some(if look.rehearsal { format!("rehearsed: {words}") } else { words })
}

/// That a cap ends the run before all is done, if it does.
pub fn cap(tally: &Tally) -> Option<String> {
    tally.short().map(|items| format!("the cap ends it about {} short", count(items)))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::view::dashboard;
    use super::*;
    use crate::domain::{Counts, Event, Failure, FailureKind, News, Reach, Timestamp};
    use crate::report::rest::{Frame, Purse};

    const PRICE: Usd = Usd::from_nanos(33_600_000);

    fn tell(tally: &mut Tally, news: News) {
        tally.take(&Event { time: Timestamp::default(), job: "spring".into(), news });
    }

    fn started(tally: &mut Tally, item: u64) {
        tell(tally, News::AttemptStarted { item: item.to_string(), attempt: 1, reserved: Some(PRICE) });
    }

    fn ended(tally: &mut Tally, item: u64, outcome: &'static str, failure: Option<Failure>, cost: Option<Usd>) {
        let item = item.to_string();
        tell(tally, News::AttemptEnded { item, attempt: 1, outcome, failure, cost, file: None, images: 0 });
    }

    #[test]
    fn below_the_bar_stands_what_is_spent_set_aside_and_foreseen() {
        let mut tally = Tally::default();
        tell(&mut tally, News::RunStarted { counts: Counts { queued: 1_000, ..Counts::default() }, items: 1_000 });
        (0..20).for_each(|item| started(&mut tally, item));
        (0..10).for_each(|item| ended(&mut tally, item, "done", None, Some(PRICE)));
        let lost = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, "cut") };
        ended(&mut tally, 10, "retry", Some(lost), None);
        let line = |rehearsal, columns| {
            let look = Look { columns, colours: false, zone: TimeZone::UTC, rehearsal };
            dashboard(&tally, &look).lines().nth(1).map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(line(false, 80), "spent $0.34, $0.30 reserved, $0.0336 lost, about $33.63 in all");
        assert_eq!(line(true, 80), "rehearsed: spent $0.34, $0.30 reserved, $0.0336 lost, about $33.63 in all");
        assert_eq!(line(false, 20), "spent $0.34, $0.30 …");
    }

    #[test]
    fn without_a_price_nothing_is_said_of_money() {
        let mut tally = Tally::default();
        tell(&mut tally, News::RunStarted { counts: Counts::default(), items: 1 });
        tell(&mut tally, News::AttemptStarted { item: "a".into(), attempt: 1, reserved: None });
        assert_eq!(tally.held(), None);
    }

    /// $10 are spent for 100 of 400 items, after $4 in earlier runs.
    fn beside(job: Option<u64>, run: Option<u64>) -> Tally {
        let dollars = |number: u64| Usd::from_nanos(1_000_000_000).times(number);
        let before = Held { settled: dollars(4), ..Held::default() };
        let purse = Purse { before, job: job.map(dollars), run: run.map(dollars) };
        let mut tally = Tally::within(Frame { purse, ..Frame::default() });
        tell(&mut tally, News::RunStarted { counts: Counts { queued: 400, ..Counts::default() }, items: 400 });
        let price = Some(Usd::from_nanos(100_000_000));
        (0..100).for_each(|item| ended(&mut tally, item, "done", None, price));
        tally
    }

    #[test]
    fn the_sums_are_the_jobs_and_stand_beside_its_cap_and_that_of_the_run() {
        let look = Look { columns: 80, colours: false, zone: TimeZone::UTC, rehearsal: false };
        let line = |job, run| sums(&beside(job, run), &look).unwrap();
        assert_eq!(line(None, None), "spent $14.00, $0.00 reserved, about $44.00 in all");
        assert_eq!(line(Some(50), None), "spent $14.00 of $50.00, $0.00 reserved, about $44.00 in all");
        let both = "spent $14.00 of $50.00 ($10.00 of $20.00 in this run), $0.00 reserved, about $44.00 in all";
        assert_eq!(line(Some(50), Some(20)), both);
    }

    #[test]
    fn where_the_cap_ends_the_run_first_it_is_said_how_far_the_money_lasts() {
        let cap = |job, run| cap(&beside(job, run));
        assert_eq!([cap(Some(44), Some(40)), cap(None, None)], [None, None]);
        assert_eq!(cap(Some(29), None).as_deref(), Some("the cap ends it about 150 short"));
        assert_eq!(cap(Some(44), Some(39)).as_deref(), Some("the cap ends it about 10 short"));
    }
}
