//! What is printed of mistakes in job files, their pieces and manifests, where nobody looks on: each with its place, its
//! line and a mark below it, and all of them.

use crate::support::workbook::sheet_of;
use crate::support::workspace::Workspace;

/// Demands that these words, and no others, are said.
#[track_caller]
fn check(here: &Workspace, words: &str, expected: &str) {
    let ended = here.overnight(words).end().exits(2);
    assert_eq!(ended.stderr.replace(&here.path("").display().to_string(), "HERE/"), expected);
}

#[test]
fn mistakes_in_a_job_file_are_marked_in_their_lines() {
    let here = Workspace::with_list(1);
    let job = "manifest = \"../list.csv\"\nrpm = \"many\"\nconcurency = 3\nwhere = \"Title = 'x'\"\nprompt = \"a\"\n\
               [template]\nprompt = \"\"\"\nA {{ id | lowre }}\"\"\"\n[matrix]\naspect_ratio = [\"1:1\", \"5:3\"]\n\
               [references]\ncolums = ['a']\nmost = 'x'\n";
    here.write("jobs/a.toml", job);
    let expected = "\
error: jobs/a.toml:2:7: `rpm`: the text \"many\" does not belong here; write a whole number above 0
    2 | rpm = \"many\"
      |       ^
jobs/a.toml:3:1: unknown key `concurency`; did you mean `concurrency`?
    3 | concurency = 3
      | ^
jobs/a.toml:4:16: `where`: this is not understood: something stands behind the expression; compare with `==`, and join \
with `and` or `or`
    4 | where = \"Title = 'x'\"
      |                ^
jobs/a.toml:5:1: unknown key `prompt`; what every row says stands below the heading [template]
    5 | prompt = \"a\"
      | ^
jobs/a.toml:8:11: there is no filter `lowre`; did you mean `lower`?
    8 | A {{ id | lowre }}\"\"\"
      |           ^
jobs/a.toml:10:24: `matrix.aspect_ratio`: `5:3` is not an aspect ratio the model has; use 1:1, 3:2, 2:3, 3:4, 4:3, 4:5, \
5:4, 9:16, 16:9, 21:9
   10 | aspect_ratio = [\"1:1\", \"5:3\"]
      |                        ^
jobs/a.toml:12:1: `references`: unknown key `colums`; did you mean `columns`?
   12 | colums = ['a']
      | ^
jobs/a.toml:13:8: `references.most`: the text \"x\" does not belong here; write a whole number above 0
   13 | most = 'x'
      |        ^
";
    for command in ["plan", "run"] {
        check(&here, &format!("{command} jobs/a.toml"), expected);
    }
    let told = here.overnight("plan jobs/a.toml --json").end().exits(2).json();
    assert_eq!(told["problems"].as_array().unwrap().len(), 8);
    assert_eq!((&told["problems"][0]["line"], &told["problems"][0]["column"]), (&2.into(), &7.into()));
}

#[test]
fn what_is_no_toml_is_marked_too() {
    let here = Workspace::with_list(1);
    here.write("a.toml", "manifest = 'list.csv'\nlimit = 1\nlimit = 2\n");
    check(
        &here,
        "plan a.toml",
        "error: a.toml:3:1: this key stands here twice; keep one\n    3 | limit = 2\n      | ^\n",
    );
    here.write("b.toml", "manifest = 'list.csv\n\n[template\n");
    let expected = "error: b.toml:1:21: a text has no closing quote\n    1 | manifest = 'list.csv\n      |                     ^\n\
                    b.toml:3:10: a heading has no closing `]`\n    3 | [template\n      |          ^\n";
    check(&here, "plan b.toml", expected);
}

#[test]
fn mistakes_in_templates_and_rows_are_told_together_each_in_its_file() {
    let here = Workspace::new();
    here.write("shop/list.csv", "Handle,Titles,prompt,seed\nmug,M\u{fc}g \u{65e5}\u{672c},p,x\n");
    here.write(
        "shop/jobs/a.toml",
        "manifest = '../list.csv'\n[template]\nprompt = \"A {{ Title }} {% include 'look' %}\"\n",
    );
    here.write("shop/jobs/partials/look", "on oak\nby {{ Vendor }}\n");
    let expected = "\
error: shop/jobs/a.toml:3:16: `template.prompt`: shop/list.csv has no column `Title`; did you mean `Titles`?
    3 | prompt = \"A {{ Title }} {% include 'look' %}\"
      |                ^
shop/list.csv:2:14: `seed`: `x` is not a seed; write a whole number from -2147483648 to 2147483647
    2 | mug,M\u{fc}g \u{65e5}\u{672c},p,x
      |                ^
shop/jobs/partials/look:2:7: this piece: shop/list.csv has no column `Vendor`; it has Handle, Titles, prompt, seed
    2 | by {{ Vendor }}
      |       ^
shop/list.csv: 3 mistakes; nothing was queued and nothing was sent
";
    check(&here, "plan shop/jobs/a.toml", expected);
}

#[test]
fn a_log_gets_a_screen_with_lines_and_then_every_other_mistake_in_a_line_of_its_own() {
    let here = Workspace::new();
    here.write("list.csv", &format!("id,prompt\n{}", (0..40).map(|n| format!("{n},\n")).collect::<String>()));
    for command in ["plan list.csv", "run list.csv --rehearse"] {
        let said = here.overnight(command).end().exits(2).stderr;
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 12 * 3 + 28 + 1);
        assert!(lines[36].starts_with("list.csv:14:4: `prompt` is empty") && lines[63].starts_with("list.csv:41:4: "));
        assert_eq!(lines[64], "list.csv: 40 mistakes; nothing was queued and nothing was sent");
    }
}

#[test]
fn no_line_is_shown_of_a_workbook_and_a_whole_row_is_not_repeated() {
    let here = Workspace::new();
    std::fs::write(here.path("list.xlsx"), sheet_of(&[&["id", "prompt", "seed"], &["mug", "a mug", "x"]])).unwrap();
    let seed = "write a whole number from -2147483648 to 2147483647";
    let end = "1 mistake; nothing was queued and nothing was sent";
    check(
        &here,
        "plan list.xlsx",
        &format!("error: list.xlsx:2:3: cell C2: `seed`: `x` is not a seed; {seed}\nlist.xlsx: {end}\n"),
    );
    here.write("list.csv", "id,prompt\nmug\n");
    let said = here.overnight("plan list.csv").end().exits(2).stderr;
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_line_that_may_hold_a_secret_is_not_shown() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt,images\na,p,https://me:s3cret@shop.example/a.png\n");
    let heads = [
        "api_key = 's3cret'",
        "[headers]\nX-Shop = ['s3cret']",
        "[headers]\nX-Shop = 's3cret",
        "headers = 's3cret'",
        "hooks = 's3cret'",
        "hooks.on_item = ['tell', 's3cret']",
        "[hooks]\non_failure = [\n  ['tell', 's3cret', 7],\n  ['tell', 's3cret', 7],\n]",
        "[hooks]\non_failure = { url = 'ftp://shop.example/s3cret' }",
        "[hooks]\non_failure = 'https://shop.example/s3cret",
    ];
    here.overnight("plan list.csv").end().exits(2).says(&["list.csv:2:5: "]).never_says("s3cret");
    for head in heads {
        here.write("a.toml", &format!("manifest = 'list.csv'\n{head}\n"));
        here.overnight("plan a.toml").end().exits(2).says(&["a.toml:"]).never_says("s3cret");
    }
}

#[test]
fn a_line_that_would_command_the_terminal_is_shown_harmless_and_a_long_one_is_cut() {
    let here = Workspace::new();
    here.write("list.csv", &format!("prompt,seed\n\u{1b}[31m{},x\n", "long ".repeat(100)));
    let said = here.overnight("plan list.csv").end().exits(2).stderr;
    let lines: Vec<&str> = said.lines().collect();
    assert!(!said.contains('\u{1b}') && lines.iter().skip(1).take(2).all(|line| line.chars().count() < 90), "{said}");
    let mark = lines[2].chars().count() - 1;
    assert_eq!(lines[1].chars().nth(mark), Some('x'));
}
