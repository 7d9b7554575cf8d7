//! The closing words of a run, as a person reads them.

use std::path::Path;
use std::time::Duration;

use overnight::domain::event::Interrupt;
use overnight::domain::{
    CapKind, CapReached, Counts, Ending, Failure, FailureGroup, FailureKind, Held, Summary, Timestamp, Usd,
};
use overnight::report::{Closing, closing};

fn summary() -> Summary {
    Summary {
        ending: Ending::Complete,
        took: Duration::from_secs(38),
        attempts: 24,
        done: 24,
        failed: 0,
        images: 24,
        lost: 0,
        cost: Some(Usd::from_nanos(806_400_000)),
        held: Held::default(),
        projected: None,
        counts: Counts { done: 24, ..Counts::default() },
        narrowed: None,
    }
}

/// Words of a command line, for as long as the tests run.
fn typed(words: &[&str]) -> &'static [String] {
    words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>().leak()
}

fn words<'a>(summary: &'a Summary, groups: &'a [FailureGroup]) -> Closing<'a> {
    Closing {
        job: "spring",
        program: "overnight",
        arguments: typed(&["run", "jobs/spring.toml"]),
        job_argument: "spring",
        flags: &[],
        output: Path::new("output/spring"),
        summary,
        so_far: summary.held,
        in_all: summary.projected,
        is_alone: true,
        goes_on_from: None,
        paused_since: None,
        groups,
        list_price_of: Some("2026-11"),
        rehearsal: false,
        columns: 80,
    }
}

fn group(kind: FailureKind, items: u64, message: &str, examples: &[&str]) -> FailureGroup {
    FailureGroup { kind, message: message.into(), items, examples: examples.iter().map(|&id| id.into()).collect() }
}

/// Of 1,000 items 300 are left.
fn halfway(ending: Ending) -> Summary {
    Summary {
        ending,
        took: Duration::from_secs(725),
        attempts: 700,
        done: 700,
        images: 700,
        cost: Some(Usd::from_nanos(23_520_000_000)),
        counts: Counts { queued: 300, done: 700, ..Counts::default() },
        ..summary()
    }
}

fn some_failed() -> (Summary, Vec<FailureGroup>) {
    let groups = vec![
        group(
            FailureKind::Refused,
            9,
            "the model refused (IMAGE_SAFETY): Unable to show the generated image. The image was filtered out because \
             it violated Google's Generative AI Prohibited Use policy; change the prompt",
            &["red-dress-1", "red-dress-2", "red-dress-3"],
        ),
        group(FailureKind::Transient, 3, "503 from the server after 6 attempts", &["a", "b", "c"]),
        group(FailureKind::Rejected, 1, "400 INVALID_ARGUMENT: prompt is too long", &["epic"]),
    ];
    let failed = [(FailureKind::Refused, 9), (FailureKind::Transient, 3), (FailureKind::Rejected, 1)];
    let mut summary = halfway(Ending::Complete);
    (summary.attempts, summary.done, summary.failed, summary.images) = (734, 687, 13, 689);
    summary.lost = 2;
    summary.counts = Counts { done: 1_987, failed: failed.into(), ..Counts::default() };
    (summary, groups)
}

#[test]
fn all_done() {
    insta::assert_snapshot!(closing(&words(&summary(), &[])), @r"
    spring: all 24 items are done

      pictures  output/spring
      this run  24 done in 38 s, 38 a minute
      cost      $0.81 at the list price of 2026-11
    ");
}

#[test]
fn some_failed_for_three_reasons() {
    let (summary, groups) = some_failed();
    let text = closing(&words(&summary, &groups));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text, @r"
    spring: finished, but 13 of 2,000 items failed

      pictures  output/spring
      this run  687 done (689 pictures), 13 failed in 12 min 5 s, 57 a minute
      so far    1,987 of 2,000 done, 13 failed
      lost      2 requests got no whole answer: they may have been billed
      cost      $23.52 at the list price of 2026-11
      failed    9 refused: the model refused (IMAGE_SAFETY): Unable to show the
                  generated image. The image was filtered out because it violated
                  Google's Generative AI Prohibited Use policy; change the prompt
                → red-dress-1, red-dress-2, red-dress-3 and 6 more
                3 transient: 503 from the server after 6 attempts
                → a, b, c
                1 rejected: 400 INVALID_ARGUMENT: prompt is too long
                → epic

    Next:
      overnight retry spring            # puts 4 items back
      overnight retry spring --refused  # puts 9 refused items back
      overnight run jobs/spring.toml    # then: sends what is queued
    ");
}

#[test]
fn halted_by_a_bad_key() {
    let failure = Failure::new(
        FailureKind::Fatal,
        "the server refused the key (400 API_KEY_INVALID): put a valid one into OVERNIGHT_API_KEY",
    );
    let mut summary = halfway(Ending::Halted(failure));
    (summary.lost, summary.cost) = (1, None);
    insta::assert_snapshot!(closing(&words(&summary, &[])), @r"
    spring: halted, 300 of 1,000 items still queued

      pictures  output/spring
      this run  700 done in 12 min 5 s, 58 a minute
      lost      1 request got no whole answer: it may have been billed
      cost      unknown: no price is known for this model

    Next:
      overnight run jobs/spring.toml  # goes on when the cause is mended

    halted: the server refused the key (400 API_KEY_INVALID): put a valid one into OVERNIGHT_API_KEY
    ");
}

#[test]
fn stopped_by_a_person_or_a_service_manager() {
    let summary = halfway(Ending::Interrupted(Interrupt::Int));
    insta::assert_snapshot!(closing(&words(&summary, &[])), @r"
    spring: stopped by Ctrl-C, 300 of 1,000 items left

      pictures  output/spring
      this run  700 done in 12 min 5 s, 58 a minute
      cost      $23.52 at the list price of 2026-11

    Next:
      overnight run jobs/spring.toml  # goes on with the 300 left
    ");
    let summary = halfway(Ending::Interrupted(Interrupt::Term));
    assert!(closing(&words(&summary, &[])).starts_with("spring: stopped by SIGTERM, 300 of 1,000 items left\n"));
}

#[test]
fn a_limit_was_reached() {
    insta::assert_snapshot!(closing(&words(&halfway(Ending::Limit("limit")), &[])), @r"
    spring: stopped by --limit, 300 of 1,000 items left

      pictures  output/spring
      this run  700 done in 12 min 5 s, 58 a minute
      cost      $23.52 at the list price of 2026-11

    Next:
      overnight run jobs/spring.toml  # goes on with the 300 left
    ");
}

fn nothing_done() -> Summary {
    Summary { attempts: 0, done: 0, images: 0, took: Duration::from_millis(12), cost: Some(Usd::ZERO), ..summary() }
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(closing(&words(&nothing_done(), &[])), @r"
    spring: nothing to do: 24 of 24 done

      pictures  output/spring
    ");
}

#[test]
fn a_run_that_began_within_a_pause_says_since_when_and_how_it_ends() {
    let counts = Counts { done: 20, queued: 4, ..Counts::default() };
    let summary = Summary { ending: Ending::Paused { since: Timestamp::default() }, counts, ..nothing_done() };
    let paused = Closing { paused_since: Some("22:04:10"), ..words(&summary, &[]) };
    insta::assert_snapshot!(closing(&paused), @r"
    spring: paused since 22:04:10, 4 of 24 items left, and nothing was sent

      pictures  output/spring

    Next:
      overnight resume spring         # ends the pause
      overnight run jobs/spring.toml  # then: goes on with the 4 left
    ");
}

#[test]
fn nothing_to_do_but_failed_items_remain() {
    let mut summary = nothing_done();
    summary.counts.done = 22;
    summary.counts.failed = [(FailureKind::Refused, 1), (FailureKind::Lost, 1)].into();
    let groups = [
        group(FailureKind::Lost, 1, "the connection broke after 3 s", &["mug"]),
        group(FailureKind::Refused, 1, "the model refused (SAFETY)", &["knife"]),
    ];
    insta::assert_snapshot!(closing(&words(&summary, &groups)), @r"
    spring: nothing to do: 22 of 24 done, 2 failed

      pictures  output/spring
      failed    1 lost: the connection broke after 3 s
                → mug
                1 refused: the model refused (SAFETY)
                → knife

    Next:
      overnight retry spring --refused  # puts 1 refused item back
      overnight retry spring --lost     # puts 1 lost item back
      overnight run jobs/spring.toml    # then: sends what is queued
    ");
}

#[test]
fn a_rehearsal_says_that_nothing_was_paid() {
    let mut summary = summary();
    summary.lost = 2;
    let mut words = words(&summary, &[]);
    words.rehearsal = true;
    insta::assert_snapshot!(closing(&words), @r"
    spring: all 24 items are done

      pictures  output/spring
      this run  24 done in 38 s, 38 a minute
      lost      2 requests got no whole answer
      cost      nothing was paid; at the list price of 2026-11 it would be $0.81
    ");
}

#[test]
fn one_of_everything_is_said_in_the_singular() {
    let mut summary = summary();
    (summary.attempts, summary.done, summary.images, summary.counts.done) = (2, 1, 1, 1);
    (summary.lost, summary.cost) = (1, Some(Usd::from_nanos(33_600_000)));
    let mut words = words(&summary, &[]);
    words.list_price_of = None;
    insta::assert_snapshot!(closing(&words), @r"
    spring: the one item is done

      pictures  output/spring
      this run  1 done in 38 s
      lost      1 request got no whole answer: it may have been billed
      cost      $0.0336 at the given price
    ");
}

#[test]
fn a_printed_command_can_be_pasted_whatever_the_names_hold() {
    let summary = halfway(Ending::Limit("--max-images"));
    let mut words = words(&summary, &[]);
    words.arguments = typed(&["run", "lists/it's spring.csv", "--db", "my db.sqlite", "--rehearse"]);
    let text = closing(&words);
    let command = r"overnight run 'lists/it'\''s spring.csv' --db 'my db.sqlite' --rehearse";
    assert!(text.lines().any(|line| line.trim() == command), "{text}");
    assert!(text.contains("stopped by --max-images"), "{text}");
}

#[test]
fn hostile_names_and_messages_reach_the_terminal_as_plain_text() {
    let hostile = "\u{1b}[31mevil\u{1b}]0;owned\u{7}\r\n\u{9b}2Jtext\u{202e}";
    let (mut summary, _) = some_failed();
    summary.ending = Ending::Halted(Failure::new(FailureKind::Fatal, hostile));
    let groups = [group(FailureKind::Rejected, 1, hostile, &[hostile])];
    let mut words = words(&summary, &groups);
    (words.job, words.arguments, words.output) = (hostile, typed(&["run", hostile]), Path::new(hostile));
    let text = closing(&words);
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    assert_eq!(text.lines().last(), Some("halted: evil text"));
}

#[test]
fn on_a_narrow_terminal_the_words_stay_within_it() {
    let (summary, groups) = some_failed();
    let text = closing(&Closing { columns: 60, ..words(&summary, &groups) });
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    insta::assert_snapshot!(text, @r"
    spring: finished, but 13 of 2,000 items failed

      pictures  output/spring
      this run  687 done (689 pictures), 13 failed in 12 min 5
                  s, 57 a minute
      so far    1,987 of 2,000 done, 13 failed
      lost      2 requests got no whole answer: they may have
                  been billed
      cost      $23.52 at the list price of 2026-11
      failed    9 refused: the model refused (IMAGE_SAFETY):
                  Unable to show the generated image. The image
                  was filtered out because it violated Google's…
                → red-dress-1, red-dress-2, red-dress-3 and 6
                  more
                3 transient: 503 from the server after 6
                  attempts
                → a, b, c
                1 rejected: 400 INVALID_ARGUMENT: prompt is
                  too long
                → epic

    Next:
      # puts 4 items back
      overnight retry spring
      # puts 9 refused items back
      overnight retry spring --refused
      # then: sends what is queued
      overnight run jobs/spring.toml
    ");
}

#[test]
fn a_money_cap_that_is_reached_says_what_is_spent_what_lost_requests_hold_and_how_to_go_on() {
    let [settled, lost, most, next] = [23_520_000_000, 33_600_000, 23_560_000_000, 33_600_000].map(Usd::from_nanos);
    let held = Held { settled, lost, ..Held::default() };
    let summary = Summary {
        lost: 1,
        held,
        projected: Some(Usd::from_nanos(33_633_600_000)),
        ..halfway(Ending::Budget(CapReached { kind: CapKind::Job, most, held, next }))
    };
    let in_all = Some(Usd::from_nanos(57_153_600_000));
    let so_far = Held { settled: settled + settled, ..held };
    insta::assert_snapshot!(closing(&Closing { so_far, in_all, ..words(&summary, &[]) }), @r"
    spring: the money cap is reached, 300 of 1,000 items left
      the cap on this job over all its runs leaves no room: $23.52 of $23.56 is
      spent, $0.0336 may have been billed for lost requests, and the next request
      may cost $0.0336

      pictures  output/spring
      this run  700 done in 12 min 5 s, 58 a minute
      lost      1 request got no whole answer: it may have been billed, $0.0336 at
                  most
      cost      $23.52 in this run, $47.04 so far, at the list price of 2026-11
      in all    about $57.15 with the 300 items that are left

    Next:
      # goes on with the 300 left, with a higher cap
      overnight run jobs/spring.toml --max-cost 58
    ");
}

/// What comes after `Next:` when this cap ended a run.
fn next_after(kind: CapKind, adapt: impl Fn(&mut Closing)) -> String {
    let [most, next] = [23_540_000_000, 33_600_000].map(Usd::from_nanos);
    let held = Held { settled: Usd::from_nanos(23_520_000_000), ..Held::default() };
    let ending = Ending::Budget(CapReached { kind, most, held, next });
    let summary = Summary { held, projected: Some(Usd::from_nanos(33_600_000_000)), ..halfway(ending) };
    let mut words = words(&summary, &[]);
    words.arguments = typed(&["run", "a.csv", "--max-cost", "23.54"]);
    adapt(&mut words);
    closing(&words).split_once("Next:\n").unwrap().1.to_owned()
}

#[test]
fn after_a_cap_the_command_goes_on_that_leaves_room_for_the_rest() {
    let raised = "  # goes on with the 300 left, with a higher cap\n  overnight run a.csv --max-cost 34\n";
    assert_eq!(next_after(CapKind::Job, |words| words.columns = 60), raised);
    let unknown = next_after(CapKind::Job, |words| words.in_all = None);
    assert!(unknown.contains("--max-cost 34"), "{unknown}");
    let several = next_after(CapKind::Job, |words| words.is_alone = false);
    assert!(several.contains("if you raise --max-cost to 34") && several.contains("--max-cost 23.54\n"), "{several}");
    for (kind, when) in
        [(CapKind::Run, ", up to the cap again"), (CapKind::Day, " tomorrow"), (CapKind::Month, " next month")]
    {
        let next = next_after(kind, |_| ());
        assert!(next.contains(&format!("goes on with the 300 left{when}")) && next.contains("23.54"), "{next}");
    }
}

#[test]
fn a_used_up_day_says_from_when_the_same_command_goes_on() {
    let why = "the day's 20 requests (--rpd) are used up; the quota's day begins anew at 08:00";
    let summary = halfway(Ending::Halted(Failure::new(FailureKind::Fatal, why)));
    let text = closing(&Closing { goes_on_from: Some("08:00"), ..words(&summary, &[]) });
    assert!(text.contains("\n  overnight run jobs/spring.toml  # goes on from 08:00\n"), "{text}");
}
