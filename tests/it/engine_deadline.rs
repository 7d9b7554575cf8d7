//! A run that was given so much time, or so many images: what it still sends, and how it ends.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use overnight::clock::{Clock as _, SystemClock};
use overnight::domain::{Deadline, Ending, Failure, FailureKind, Interrupt, News, Reply, Request};
use overnight::provider::{AskError, Generation, ImageSink, Provider};
use overnight::run::{Account, Admission, Flights, Limits, Rules, RunSettings, Stop, quota_day_began};

use crate::support::workshop::{Act, PIXEL, Scripted, Workshop, at_once, failure, rules, settings};

fn within(length: Duration) -> RunSettings {
    let deadline = Deadline { until: None, max_duration: Some(length) };
    RunSettings { rules: Rules { deadline, ..rules() }, ..settings() }
}

/// The longest that an answer takes.
const LONGEST: Duration = Duration::from_millis(120);

/// Answers after a third of that and more, and fails now and then at once.
struct Slow {
    chance: Mutex<fastrand::Rng>,
}

impl Provider for Slow {
    fn generate<'a>(
        &'a self,
        _request: &'a Request,
        images: &'a mut dyn ImageSink,
    ) -> BoxFuture<'a, Result<Generation, AskError>> {
        async move {
            let (draw, share) = {
                let mut chance = self.chance.lock().unwrap();
                (chance.f64(), (1.0 + 2.0 * chance.f64()) / 3.0)
            };
            if draw < 0.1 {
                return Err(failure(FailureKind::Transient).into());
            }
            tokio::time::sleep(LONGEST.mul_f64(share)).await;
            images.begin()?;
            images.write(PIXEL)?;
            images.keep()?;
            Ok(Generation { reply: Reply::default() })
        }
        .boxed()
    }
}

/// When requests left in a run, and when they came back, from its start.
#[derive(Default)]
struct Course {
    /// When each left, and when an answer was last heard of before: no later than when the run began to write down that it
    /// leaves, from which on the run counts.
    sent: HashMap<String, (Duration, Duration)>,
    last_sent: Duration,
    requests: u32,
    landed: Vec<Duration>,
    /// So many of them say how long an answer takes.
    answers: u32,
    /// The longest that an answer took in the eyes of the run.
    longest: Duration,
    /// By how much this machine, busy as it is, made an answer longer than it was.
    delay: Duration,
    /// When the run said that it sends no more.
    halted: Duration,
}

impl Course {
    fn note(&mut self, news: &News, now: Duration) {
        match news {
            News::AttemptStarted { item, .. } => {
                self.requests += 1;
                self.last_sent = now;
                self.sent.insert(item.clone(), (now, self.landed.last().copied().unwrap_or_default()));
            }
            News::AttemptLanded { item, .. } => {
                let (sent, begun) = self.sent[item];
                self.landed.push(now);
                self.answers += u32::from(now - sent >= LONGEST / 3);
                self.longest = self.longest.max(now - begun);
                self.delay = self.delay.max((now - sent).saturating_sub(LONGEST));
            }
            News::Halted { .. } => self.halted = now,
            _ => {}
        }
    }

    /// Demands that hardly anything came later than so long after the start.
    fn came_in_time(&self, length: Duration) {
        let late = self.landed.iter().filter(|landed| **landed > length + self.delay).count() as u32;
        assert!(late * 100 <= self.requests, "{late} of {} came late", self.requests);
    }

    /// Demands that it sent for as long as answers that take as long as those before, with the run's own margin, come back
    /// within so long after the start.
    fn used_the_time(&self, length: Duration) {
        let margin = 1.1 + 1.0 / f64::from(self.answers.clamp(1, 256));
        let told = format!(
            "{} requests, the last at {:?}, until {:?}; the longest of {} answers took {:?}, delayed by {:?}",
            self.requests, self.last_sent, self.halted, self.answers, self.longest, self.delay
        );
        assert!(self.halted + self.longest.mul_f64(margin) >= length.mul_f64(0.97), "{told}");
        // It always has something to send, and room for it with the next answer.
        assert!(self.last_sent + LONGEST + self.delay >= self.halted, "{told}");
    }
}

/// What came of a run of this workshop that was given so long.
async fn run_slowly(workshop: &Workshop, seed: u64, length: Duration) -> Course {
    let provider = Arc::new(Slow { chance: Mutex::new(fastrand::Rng::with_seed(seed)) });
    let (mut start, mut course) = (Instant::now(), Course::default());
    let mut each = |news: &News| match news {
        News::RunStarted { .. } => start = Instant::now(),
        news => course.note(news, start.elapsed()),
    };
    let mut settings = within(length);
    settings.rules.concurrency = at_once(16);
    let (summary, _) = workshop.run_with(&mut workshop.queue(), provider, settings, &mut each).await;
    assert_eq!(summary.ending, Ending::Deadline("--max-duration"));
    let counts = summary.counts;
    assert!(counts.total() == 1_500 && counts.queued > 0 && counts.running == 0, "{counts:?}");
    course
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_comes_back_in_time_and_the_time_is_used() {
    let length = Duration::from_secs(4);
    // Their folders are removed at the very end: that keeps a disk busy.
    let workshops = [Workshop::of_items(1_500), Workshop::of_items(1_500)];
    let runs = workshops.iter().zip(0..).map(|(workshop, seed)| run_slowly(workshop, seed, length));
    let runs = futures::future::join_all(runs).await;
    for course in runs {
        course.came_in_time(length);
        course.used_the_time(length);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_could_only_wait_for_its_end_ends_at_once() {
    let patient = Failure { retry_after: Some(Duration::from_secs(300)), ..failure(FailureKind::Transient) };
    for kind in [FailureKind::Transient, FailureKind::Throttled] {
        let asked = Failure { kind, ..patient.clone() };
        let workshop = Workshop::of_items(9);
        let provider = Scripted::new(move |_, _| Act::fail(asked.clone()));
        let run = workshop.run(&provider, within(Duration::from_secs(120)));
        let (summary, events) = tokio::time::timeout(Duration::from_secs(60), run).await.expect("it waits in vain");
        assert_eq!((summary.ending, summary.counts.queued), (Ending::Deadline("--max-duration"), 9));
        let told = |news: &News| matches!(news, News::Halted { message } if message.contains("back in time"));
        assert_eq!(events.iter().filter(|news| told(news)).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_is_over_lets_nothing_out_and_an_empty_queue_is_complete_all_the_same() {
    let until = Deadline { until: Some(SystemClock.now()), max_duration: None };
    let over = || RunSettings { rules: Rules { deadline: until, ..rules() }, ..settings() };
    let (workshop, provider) = (Workshop::of_items(3), Scripted::new(|_, _| Act::Draw));
    let (summary, _) = workshop.run(&provider, over()).await;
    assert_eq!((summary.ending, summary.counts.queued, provider.asks()), (Ending::Deadline("--until"), 3, 0));
    assert_eq!(workshop.run(&provider, settings()).await.0.done, 3);
    assert_eq!(workshop.run(&provider, over()).await.0.ending, Ending::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_counted_with_those_on_their_way() {
    let workshop = Workshop::of_items(20);
    // Every other ask fails and brings none.
    let provider =
        Scripted::new(|_, nth| if nth == 0 { Act::fail(failure(FailureKind::Transient)) } else { Act::Draw });
    let most = |images| RunSettings { rules: Rules { max_images: Some(images), ..rules() }, ..settings() };
    let (summary, _) = workshop.run(&provider, most(7)).await;
    assert_eq!((summary.ending, summary.images), (Ending::Limit("--max-images"), 7));
    let (summary, _) = workshop.run(&provider, most(13)).await;
    assert_eq!((summary.ending, summary.images), (Ending::Complete, 13), "a limit that is just enough is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_quotas_next_day_is_told_once_and_until_when() {
    let (workshop, provider) = (Workshop::of_items(9), Scripted::new(|_, _| Act::Draw));
    let limits = Limits { requests_a_day: NonZeroU32::new(3), ..Limits::default() };
    let deadline = Deadline { until: Some(SystemClock.now().after(Duration::from_secs(172_800))), max_duration: None };
    let rules = Rules { limits, deadline, ..rules() };
    let mut each = |news: &News| {
        if matches!(news, News::Slowed { .. }) {
            workshop.stop.send_replace(Stop::Finish(Interrupt::Int));
        }
    };
    let (summary, events) =
        workshop.run_watched(&provider, RunSettings { rules: rules.clone(), ..settings() }, &mut each).await;
    assert_eq!((summary.done, summary.ending), (3, Ending::Interrupted(Interrupt::Int)));
    let told: Vec<_> = events
        .iter()
        .filter_map(|news| match news {
            News::Slowed { until, message } => Some((*until, message)),
            _ => None,
        })
        .collect();
    let [(until, message)] = told[..] else { panic!("{told:?}") };
    let begins = "the day's 3 requests (--rpd) are used up; the quota's day begins anew at ";
    assert!(message.starts_with(begins) && message.len() == begins.len() + "08:00".len(), "{message}");
    assert_eq!(quota_day_began(until), until, "at the quota's midnight");
    // However often it is asked.
    let (now, flights) = (SystemClock.now(), Flights { under_way: 0, leaving: 0 });
    let spent = Limits { sent_today: 3, ..limits };
    let mut admission = Admission::new(&Rules { limits: spent, ..rules }, &Account::default(), now);
    let mut ask = |flights| admission.slowed_by_day(flights, now).is_some();
    assert_eq!([ask(Flights { under_way: 1, ..flights }), ask(flights), ask(flights)], [false, true, false]);
}
