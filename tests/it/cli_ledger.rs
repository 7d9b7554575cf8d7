//! `ledger`: what it calls settled is what was delivered whole, to the cent and to the token. Never touches the queue.

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// What befalls the asks of one prompt after the other, of every kind that ends within the test's time.
const NIGHT: &[&str] = &[
    "ok",
    "503 ok",
    "429 ok",
    "array ok",
    "cut ok",
    "reset ok",
    "refused",
    "blocked",
    "gateway-refused",
    "bad-request",
    "no-image ok",
    "interim-only ok",
    "truncated-image ok",
    "bad-base64 ok",
    "not-an-image ok",
    "error-200 ok",
    "html-200 ok",
    "nested ok",
    "several",
    "drafts",
    "snake",
    "gzip",
    "unknown-finish",
    "wrong-size",
    "wrong-type",
    "blank",
    "tiny",
    "url-data",
    "url-bare",
    "url-file",
];

/// A list in which each kind befalls a plain prompt or one with hard thinking.
fn night() -> Workspace {
    let here = Workspace::new();
    let mut list = "id,prompt,thinking,modalities\n".to_owned();
    for (number, kinds) in NIGHT.iter().enumerate() {
        let settings = if number % 2 == 0 { "," } else { "high,image" };
        list += &format!("item-{number},cup {number} [[simulate:{kinds}]],{settings}\n");
    }
    here.write("list.csv", &list);
    here
}

fn ledger(here: &Workspace, words: &str) -> Value {
    here.overnight(&format!("ledger --format json {words}")).end().exits(0).json()
}

/// What the words say as a list of one-line strings: job, model, outcome, attempts.
fn lines(ledger: &Value) -> Vec<String> {
    let words = |line: &Value| {
        let words = ["job", "model", "outcome"].map(|key| line[key].as_str().unwrap().to_owned());
        format!("{} {}", words.join(" "), line["attempts"])
    };
    ledger["lines"].as_array().unwrap().iter().map(words).collect()
}

#[test]
fn what_is_settled_is_what_the_server_delivered_whole_and_what_is_lost_covers_the_rest() {
    let (here, simulator) = (night(), Simulated::start());
    here.overnight("run list.csv --rpm 100000").at(&simulator.url()).end().exits(3);
    let (account, stats) = (simulator.account(), simulator.stats());
    let totals = &ledger(&here, "")["totals"];
    let settled = &totals["settled"];
    let bill = account.total;
    assert_eq!(settled["images"], bill.images);
    assert_eq!(settled["prompt_tokens"], bill.prompt_tokens);
    assert_eq!(settled["output_tokens"], bill.output_tokens);
    assert_eq!(settled["thought_tokens"], bill.thought_tokens);
    assert!(bill.thought_tokens > 0 && bill.images > 20, "{bill:?}");
    let cents = |usd: &Value| (usd.as_f64().unwrap() * 10_000.0).round() as u64;
    assert_eq!(cents(&settled["cost_usd"]), bill.images * 336);
    let broken = stats.statuses["cut"] + stats.statuses["none"];
    assert_eq!(totals["lost"]["attempts"], broken);
    assert_eq!(cents(&totals["lost"]["maybe_billed_usd"]), broken * 336);
    assert_eq!(settled["attempts"].as_u64().unwrap() + broken, stats.requests, "every request is accounted for");
    assert_eq!((&totals["open"]["attempts"], &totals["unsent"]["attempts"]), (&json!(0), &json!(0)));
    let models: Vec<_> = account.models.into_iter().collect();
    assert_eq!(models, [("gemini-3.1-flash-lite-image".to_owned(), bill)]);
}

#[test]
fn each_outcome_has_a_line_and_the_json_has_the_shape_that_scripts_rely_on() {
    let here = Workspace::new();
    here.write(
        "list.csv",
        "id,prompt\na,cup [[simulate:503 ok]]\nb,jug [[simulate:refused]]\nc,pot [[simulate:cut ok]]\n",
    );
    here.overnight("run list.csv --rehearse").end().exits(3);
    let told = ledger(&here, "--rehearse");
    let model = "gemini-3.1-flash-lite-image";
    let expected = ["done 2", "transient 1", "refused 1", "lost 1"].map(|end| format!("list {model} {end}"));
    assert_eq!(lines(&told), expected);
    let mut keys: Vec<&str> = told["lines"][0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut columns: Vec<String> = here
        .overnight("ledger --rehearse --format csv")
        .end()
        .exits(0)
        .stdout
        .lines()
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    columns.sort_unstable();
    assert_eq!(keys, columns, "the table has what the document has");
    assert_eq!(here.overnight("ledger --rehearse --json").end().exits(0).json(), told);
    assert_eq!((&told["timezone"], &told["since"], &told["until"]), (&json!("UTC"), &Value::Null, &Value::Null));
}

#[test]
fn the_text_parts_what_is_settled_from_what_is_uncertain() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\na,cup\nb,pot [[simulate:cut ok]]\n");
    here.overnight("run list.csv --rehearse").end().exits(0);
    let page = here.overnight("ledger --rehearse").end().exits(0).stdout;
    assert!(page.starts_with("list, gemini-3.1-flash-lite-image, 20"), "{page}");
    assert!(page.contains(":\nday   outcome ") && !page.contains("thought  "), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for words in [
        "settled    2 attempts, 2 images, ",
        "answered   2 attempts with usage",
        "lost       1 attempt, no whole answer came: maybe billed, up to $0.0336 as",
        "those of UTC",
        "this is a rehearsal",
    ] {
        assert!(page.contains(words), "`{words}` is not in:\n{page}");
    }
}

#[test]
fn the_page_says_which_days_were_asked_for_and_the_document_whether_it_is_a_rehearsal() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let page = |words: &str| here.overnight(&format!("ledger --rehearse {words}")).end().exits(0).stdout;
    assert!(page("--since 2020-01-01 --until 2020-01-02").contains("period     2020-01-01 to 2020-01-02"));
    assert!(page("--since 2020-01-01").contains("period     from 2020-01-01 on\n"));
    assert!(!page("").contains("period"));
    assert_eq!(ledger(&here, "--rehearse")["rehearsal"], true);
}

#[test]
fn the_help_is_written_for_80_columns() {
    let help = |columns: &str| {
        let help = Workspace::new().overnight("ledger --help").env("COLUMNS", columns).end().exits(0).stdout;
        help.split("Examples:").nth(1).unwrap().to_owned()
    };
    assert_eq!(help("80"), help("100"), "no line of it is broken");
    for words in ["2026-11-30 \\\n", "unpriced_attempts are those"] {
        assert!(help("80").contains(words), "{}", help("80"));
    }
}

#[test]
fn an_answer_that_waits_in_staging_is_received_with_what_it_used() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    // A folder stands where the picture should go, so that publishing fails after the receipt was committed.
    let in_the_way = ["png", "jpg"].map(|extension| here.path(&format!("output/list/item-1.{extension}/x")));
    in_the_way.iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(1);
    let totals = &ledger(&here, "")["totals"];
    assert_eq!((&totals["received"]["attempts"], &totals["received"]["images"]), (&json!(1), &json!(1)));
    assert_eq!(totals["received"]["cost_usd"], 0.0336);
    assert_eq!(totals["received"]["output_tokens"], simulator.account().total.output_tokens);
    assert_eq!((&totals["open"]["attempts"], &totals["settled"]["attempts"]), (&json!(0), &json!(0)));
    let page = here.overnight("ledger").end().exits(0).stdout;
    assert!(
        page.contains("received   1 attempt, 1 image, ") && page.contains("answered   1 attempt with usage"),
        "{page}"
    );
}

#[test]
fn what_is_on_its_way_is_open_and_lost_after_a_kill() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    let run = here.overnight("run list.csv").at(&gate.url()).start();
    gate.wait_for(2);
    assert_eq!(ledger(&here, "list")["totals"]["open"]["maybe_billed_usd"], 0.0672);
    run.kill();
    gate.open();
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    let totals = &ledger(&here, "list")["totals"];
    assert_eq!((&totals["open"]["attempts"], &totals["lost"]["attempts"]), (&json!(0), &json!(2)));
    assert_eq!(totals["settled"]["attempts"], 2);
}

#[test]
fn what_never_left_is_free() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --max-attempts 1").at("http://127.0.0.1:1").end().exits(3);
    let totals = &ledger(&here, "")["totals"];
    assert_eq!((&totals["unsent"]["attempts"], &totals["unsent"]["cost_usd"]), (&json!(1), &json!(0.0)));
    assert_eq!(totals["settled"]["attempts"], 0);
}

#[test]
fn days_are_those_of_the_zone_and_include_the_last() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    // So far apart that the same moment is never on the same day in both.
    let [east, west] = ["Pacific/Kiritimati", "Pacific/Pago_Pago"].map(|zone| {
        let told = ledger(&here, &format!("--rehearse --timezone {zone}"));
        assert_eq!(told["timezone"], zone);
        told["lines"][0]["day"].as_str().unwrap().to_owned()
    });
    assert!(west < east, "{west} {east}");
    let attempts = |words: &str| ledger(&here, &format!("--rehearse {words}"))["totals"]["settled"]["attempts"].clone();
    for zone in ["--timezone Pacific/Kiritimati --since", "--timezone Pacific/Kiritimati --until"] {
        assert_eq!(attempts(&format!("{zone} {east}")), 1, "{zone}");
    }
    assert_eq!(attempts(&format!("--timezone Pacific/Kiritimati --until {west}")), 0);
    assert_eq!(attempts(&format!("--timezone Pacific/Pago_Pago --since {east}")), 0);
    assert_eq!(attempts(&format!("--timezone Pacific/Pago_Pago --since {west} --until {west}")), 1);
}

#[test]
fn several_jobs_are_told_together_and_one_alone_when_it_is_named() {
    let here = Workspace::with_list(1);
    here.write("other.csv", "prompt\na jug\na cup\n");
    here.overnight("run list.csv other.csv --rehearse").end().exits(0);
    let of = |words: &str| lines(&ledger(&here, words));
    let [list, other] = ["list 1", "other 2"].map(|job| job.replace(' ', " gemini-3.1-flash-lite-image done "));
    assert_eq!(of("--rehearse"), [list.as_str(), &other]);
    assert_eq!(of("--rehearse other list.csv list"), [list.as_str(), &other], "each once, however often it is named");
    assert_eq!(of("--rehearse other"), [other]);
    let totals = &ledger(&here, "--rehearse")["totals"];
    assert_eq!(totals["settled"]["attempts"], 3);
}

#[test]
fn mistakes_say_what_to_write() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    for (words, said) in [
        ("--timezone berlin", "for example Europe/Berlin, or UTC"),
        ("--since 1.11.2026", "for example 2026-11-01"),
        ("--since 2026-11-02 --until 2026-11-01", "give the earlier day to --since"),
        ("spring", "there is no job `spring`"),
        ("--format xml", "csv"),
    ] {
        here.overnight(&format!("ledger --rehearse {words}")).end().exits(2).says(&[said]);
    }
    here.overnight("ledger").end().exits(2).says(&["there is no database"]);
}
