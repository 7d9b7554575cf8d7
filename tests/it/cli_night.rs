//! The night as `plan` plays it: how long it takes, what it costs, whether that is in time, and what is known of the
//! server. Never sends anything but where a run is asked for.

use serde_json::Value;

use crate::support::workspace::Workspace;

fn night(here: &Workspace, words: &str) -> Value {
    let plan = here.overnight(&format!("plan list.csv --rehearse --json {words}")).end().exits(0).json();
    plan["night"].clone()
}

fn drawn(here: &Workspace, words: &str) -> String {
    let printed = here.overnight(&format!("plan list.csv --rehearse {words}")).end().exits(0).stdout;
    // Where lines break depends on the times of day.
    printed.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_stated_limit_says_how_long_it_takes() {
    let here = Workspace::with_list(300);
    let seconds = |words| night(&here, words)["duration_s"]["likely"].as_f64().unwrap();
    assert!((285.0..330.0).contains(&seconds("--rpm 60")), "{}", seconds("--rpm 60"));
    assert!(seconds("--rpm 60") > seconds("--rpm 120") * 1.8);
    let spread = night(&here, "--rpm 60")["duration_s"].clone();
    assert!(
        spread["low"].as_f64() <= spread["likely"].as_f64() && spread["likely"].as_f64() <= spread["high"].as_f64()
    );
}

#[test]
fn a_day_s_requests_that_do_not_suffice_are_the_reason_why_not() {
    let here = Workspace::with_list(30);
    let night = night(&here, "--rpd 20");
    assert_eq!((&night["fits"], &night["left"]), (&Value::from(false), &Value::from(10)));
    let why = night["why_not"].as_str().unwrap();
    assert!(why.starts_with("the day's 20 requests (--rpd) are used up"), "{why}");
}

#[test]
fn the_same_plan_is_told_and_drawn_for_people() {
    let here = Workspace::with_list(300);
    let plan = drawn(&here, "--rpm 60");
    assert!(plan.contains("time      about 5 min"), "{plan}");
    assert!(plan.contains("not known yet: 4 s an answer are assumed"), "{plan}");
    assert!(plan.contains("sent      ") && plan.contains("60 in the fullest minute"), "{plan}");
    assert!(plan.contains("money     ") && plan.contains("$10.08"), "{plan}");
}

#[test]
fn a_deadline_fits_or_says_how_much_would_be_missing() {
    let here = Workspace::with_list(300);
    let fits = night(&here, "--rpm 60 --max-duration 10m");
    assert_eq!((&fits["fits"], &fits["left"], &fits["why_not"]), (&true.into(), &0.into(), &Value::Null));
    let short = night(&here, "--rpm 60 --max-duration 2m");
    let left = short["left"].as_u64().unwrap();
    assert!(short["fits"] == false && (180..215).contains(&left), "{short}");
    let plan = drawn(&here, "--rpm 60 --max-duration 2m");
    assert!(plan.contains("fits      no, about") && plan.contains("all of it takes about 5 min"), "{plan}");
    let plan = drawn(&here, "--rpm 60 --max-duration 10m --max-cost 20");
    assert!(plan.contains("fits      yes: $10.08 of $20.00 (--max-cost), done "), "{plan}");
}

#[test]
fn a_cap_on_money_ends_the_night_short() {
    let here = Workspace::with_list(300);
    let short = night(&here, "--max-cost 5");
    assert_eq!((&short["left"], &short["fits"]), (&152.into(), &false.into()), "148 pictures of $0.0336 fit below $5");
    assert!(short["cost_usd"]["high"].as_f64().unwrap() <= 5.0, "{short}");
    assert!(drawn(&here, "--max-cost 5").contains("no, about 152 pictures would be missing: the cap on"));
}

#[test]
fn what_an_earlier_run_met_is_what_the_next_plan_expects() {
    let here = Workspace::with_list(80);
    assert_eq!(night(&here, "")["attempts_known"], 0);
    here.overnight("run list.csv --rehearse --fail 503=10%").end().exits(0);
    let lines: String = (0..160).map(|number| format!("n{number},Another picture {number}\n")).collect();
    here.write("list.csv", &format!("id,prompt\n{lines}"));
    let next = night(&here, "");
    assert!(next["attempts_known"].as_u64().unwrap() >= 80, "{next}");
    let retried = next["retried"].as_u64().unwrap();
    assert!((8..=30).contains(&retried), "about a tenth is made again: {retried}");
    assert!(drawn(&here, "").contains("as in the last "));
}

#[test]
fn nothing_to_send_is_no_night() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert!(night(&here, "").is_null());
}
