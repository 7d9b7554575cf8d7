//! Every kind of mistake that a manifest can have, planted at known places: the program tells exactly these, in one pass.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::faulty::{Faulty, lay_out};
use crate::support::workspace::Workspace;

/// Plans the manifest and compares what is told with what was planted.
fn check(name: &str, faulty: &Faulty) {
    let here = Workspace::new();
    lay_out(&here.path(".")).unwrap();
    fs::write(here.path(&format!("list/{name}")), &faulty.bytes).unwrap();
    let plan = here.overnight(&format!("plan list/{name} --json")).end().exits(2).json();
    let told = plan["problems"].as_array().unwrap();
    let mut wrong = Vec::new();
    let mut left: Vec<&Value> = told.iter().collect();
    for expected in &faulty.expected {
        let fits = |told: &&Value| {
            told["line"] == expected.line
                && told["column"].as_u64() == expected.column
                && told["message"].as_str().is_some_and(|message| message.contains(expected.word))
        };
        match left.iter().position(fits) {
            Some(place) => drop(left.remove(place)),
            None => wrong.push(format!("{expected:?} was not told")),
        }
    }
    wrong.extend(left.iter().map(|told| format!("told, and not planted: {told}")));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let lines: Vec<u64> = told.iter().map(|told| told["line"].as_u64().unwrap()).collect();
    assert!(told.iter().all(|told| told["file"] == format!("list/{name}")) && lines.is_sorted());
    assert_eq!(plan["more_problems"], false);
}

#[test]
fn every_kind_of_mistake_in_csv_is_told_at_its_line_and_column_in_one_pass() {
    let faulty = Faulty::csv(3_000, 3);
    assert!(faulty.kinds > 60, "{}", faulty.kinds);
    check("many.csv", &faulty);
}

#[test]
fn every_kind_of_mistake_in_json_lines_is_told_at_its_line_and_column_in_one_pass() {
    let faulty = Faulty::json_lines(3_000, 3);
    assert!(faulty.kinds > 40, "{}", faulty.kinds);
    check("many.jsonl", &faulty);
}

#[test]
fn what_a_job_file_makes_of_rows_is_told_with_them() {
    let here = Workspace::new();
    here.write(
        "jobs/j.toml",
        "manifest = '../list.csv'\nwhere = 'price | float > 0'\n[template]\nid = '{{ id }}'\nimages = '{{ photo }}'\n\
         prompt = '{{ title }}{% for a in range(loops | int) %}{% for b in range(9999) %}{% endfor %}{% endfor %}'\n",
    );
    let good = |from: u32| (from..from + 500).map(|n| format!("good-{n},mug,1,0,\n")).collect::<String>();
    let bad =
        "a,mug,free,0,\nb,,1,0,\n,mug,1,0,\nd,mug,1,9999,\ne,mug,1,many,\nf,mug,1,0,none.png\na,mug,1,0,\na,mug,1,0,\n";
    here.write("list.csv", &format!("id,title,price,loops,photo\n{}{bad}{}", good(0), good(500)));
    let plan = here.overnight("plan jobs/j.toml --json").end().exits(2).json();
    let told = plan["problems"].as_array().unwrap();
    let lines: BTreeSet<u64> = told.iter().map(|told| told["line"].as_u64().unwrap()).collect();
    assert_eq!((told.len(), lines), (7, (502..=507).chain([509]).collect()), "{told:#?}");
    let words =
        ["cannot be told", "is empty", "gives nothing", "too much work", "no number", "is not there", "line 508"];
    for (told, word) in told.iter().zip(words) {
        assert!(told["message"].as_str().unwrap().contains(word), "{word}: {told}");
    }
}

#[test]
fn where_too_much_is_wrong_reading_stops_and_says_so() {
    let here = Workspace::new();
    here.write("list.csv", &format!("id,prompt\n{}", "a,\n".repeat(30_000)));
    let plan = here.overnight("plan list.csv --json").end().exits(2).json();
    let told = plan["problems"].as_array().unwrap().len();
    assert!((10_000..10_100).contains(&told), "{told}");
    assert_eq!(plan["more_problems"], true);
    for command in ["plan", "run --rehearse"] {
        let ended = here.overnight(&format!("{command} list.csv")).end().exits(2);
        ended.says(&["mistakes so far, and the rest was not read", "nothing was queued and nothing was sent"]);
    }
}
