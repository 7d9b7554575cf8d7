//! What the command line promises of money: prices, caps, and how a run ends that reached one.

use serde_json::{Value, json};

use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn a_cap_ends_the_run_with_8_again_and_again_and_a_higher_one_goes_on() {
    let (here, simulator) = (Workspace::with_list(6), Simulated::start());
    let run = |cap: &str| here.overnight(&format!("run list.csv --price-per-image 0.25 --max-cost {cap}"));
    let first = run("0.80").at(&simulator.url()).end().exits(8);
    let below = "items left\n  the cap on this job over all its runs leaves no room: $0.75 of $0.80 is";
    assert!(first.stderr.contains(below), "{}", first.stderr);
    first.says(&[
        "list: the money cap is reached, 3 of 6 items left",
        "cost      $0.75 at the given price",
        "$0.75 of $0.80 is spent, and the next request may cost $0.25; to go on, raise --max-cost",
        "goes on with the 3 left, with a higher cap",
        "--max-cost 2",
    ]);
    run("0.80").at(&simulator.url()).end().exits(8);
    assert_eq!(simulator.stats().answered, 3);
    let status = here.status("");
    assert_eq!((&status["cost_usd"], &status["projected_usd"]), (&json!(0.75), &json!(1.5)));
    let told = here.overnight("status").end().exits(0).stdout;
    assert!(told.contains("\n  last run    ended by a money cap: run again with a higher one"), "{told}");
    let last = run("5 --progress plain").at(&simulator.url()).end().exits(0);
    last.says(&["cost      $0.75 in this run, $1.50 so far, at the given price", "spent $1.50 of $5.00, "]);
    assert_eq!(here.status("")["cost_usd"], json!(1.5));
    let status = here.overnight("status").end().exits(0).stdout;
    assert!(status.contains("  cost        $1.50 at the given price\n"), "{status}");
}

#[test]
fn tokens_are_settled_as_the_answer_counts_them() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let price = "[price]\nper_image = 1\n[price.\"gemini-3.1-flash-lite-image\"]\ninput_per_million = 0.25\n\
                 output_per_million = 1.5\nimage_output_per_million = 30\n";
    here.write("jobs/a.toml", &format!("manifest = \"../list.csv\"\n{price}"));
    let events = here.overnight("run jobs/a.toml --events -").at(&simulator.url()).end().exits(0).stdout;
    let bill = simulator.account().total;
    let pictures = bill.images * 1_120;
    let text = bill.output_tokens - pictures;
    let expected = bill.prompt_tokens * 250 + text * 1_500 + pictures * 30_000;
    let dollars = expected as f64 / 1e9;
    assert_eq!(here.status("a")["cost_usd"], json!(dollars));
    let totals: Value = here.overnight("ledger a --json").end().exits(0).json();
    assert_eq!(totals["totals"]["settled"]["cost_usd"], json!(dollars), "{totals}");
    let started = events.lines().find(|line| line.contains("attempt_started")).unwrap();
    assert!(started.contains("\"reserved_usd\":0.1228"), "{started}");
    let ended: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&ended["cost_usd"], &ended["reserved_usd"], &ended["lost_usd"]),
        (&json!(dollars), &json!(0.0), &json!(0.0))
    );
}

#[test]
fn a_cap_without_a_price_is_refused_also_where_only_a_row_names_the_model() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    here.write("list.csv", "id,prompt,model\na,a cup,\nb,a pot,big-one\n");
    let words = "run list.csv --max-cost-per-day 5";
    let refused = ["--max-cost-per-day cannot be kept: nobody knows what `big-one` costs", "nothing was sent"];
    here.overnight(words).at(&simulator.url()).end().exits(2).says(&refused);
    here.overnight("plan list.csv --max-cost-per-day 5").end().exits(2).says(&refused[..1]);
    here.overnight(&format!("{words} --rehearse")).end().exits(2).says(&refused);
    assert_eq!(simulator.stats().requests, 0);
    here.write("jobs/a.toml", "manifest = \"../list.csv\"\nmax_cost_per_day = 5\n[price.big-one]\nper_image = 0.5\n");
    // With a price it goes ahead; the simulator has no such model.
    here.overnight("run jobs/a.toml").at(&simulator.url()).end().exits(4).says(&["big-one"]);
}

#[test]
fn two_jobs_of_one_database_share_the_cap_of_a_day() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let words =
        |name: &str| format!("run list.csv --name {name} -o out/{name} --price-per-image 0.5 --max-cost-per-day 2.00");
    here.overnight(&words("a")).at(&simulator.url()).end().exits(0);
    let second = here.overnight(&words("b")).at(&simulator.url()).end().exits(8);
    second.says(&[
        "the cap on a day over all jobs of the database leaves no room",
        "or run the same command again tomorrow",
        "goes on with the 2 left tomorrow",
    ]);
    assert_eq!(here.status("b")["counts"]["done"], 1);
}

#[test]
fn a_rehearsal_plays_caps_and_says_that_nothing_is_paid() {
    let here = Workspace::with_list(3);
    let words = "run list.csv --rehearse --max-cost 0.07 --progress plain";
    here.overnight(words).end().exits(8).says(&["nothing was paid; at the list price of 2026-11 it would be $0.0672"]);
}

#[test]
fn the_plan_counts_with_the_price_that_was_given_and_says_so() {
    let here = Workspace::with_list(10);
    let plan = here.overnight("plan list.csv --price-per-image 0.02").end().exits(0).stdout;
    assert!(plan.contains("$0.20 if each comes at once, $1.20 if each took all 6 attempts"), "{plan}");
    assert!(plan.contains("at the given price") && !plan.contains("list price"), "{plan}");
    here.write("jobs/a.toml", "manifest = \"../list.csv\"\n[price]\ninput_per_million = 0\noutput_per_million = 30\n");
    let plan = here.overnight("plan jobs/a.toml --json").end().exits(0).json();
    assert_eq!(plan["cost_usd"], json!({"expected": 0.336, "worst": 7.3728}));
}

#[test]
fn a_mistake_below_price_is_told_at_its_place_and_two_prices_are_one() {
    let here = Workspace::with_list(1);
    here.write("jobs/a.toml", "manifest = \"../list.csv\"\nmax_cost = \"lots\"\n[price]\nper_imag = 0.03\n");
    here.overnight("run jobs/a.toml").end().exits(2).says(&[
        "jobs/a.toml:2:12: `max_cost`: `lots` is not an amount of US dollars; write a number such as 25 or 0.0336",
        "jobs/a.toml:4:1: `price`: unknown key `per_imag`; did you mean `per_image`?",
    ]);
    here.write("jobs/a.toml", "manifest = \"../list.csv\"\nprice_per_image = 0.03\n[price]\nper_image = 0.03\n");
    here.overnight("run jobs/a.toml").end().exits(2).says(&["jobs/a.toml gives a price twice"]);
}

#[test]
fn a_price_is_named_only_where_all_was_counted_with_it() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    here.overnight("run list.csv --limit 1").at(&simulator.url()).end().exits(5);
    let status = || here.overnight("status").end().exits(0).stdout;
    assert!(status().contains("  cost        $0.0336 at the list price of 2026-11, about"), "{}", status());
    here.overnight("run list.csv --price-per-image 0.25").at(&simulator.url()).end().exits(0);
    assert!(status().contains("  cost        $0.53\n"), "{}", status());
}
