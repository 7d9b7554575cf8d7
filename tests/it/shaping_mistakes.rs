//! How mistakes in what a job file says of its rows are told: in its own lines, or at the row that shows them.

use crate::shaping::Shop;

/// Checks what is wrong with a job over a list with the columns `Title` and `Body (HTML)`.
#[track_caller]
fn check(job: &str, expected: &[&str]) {
    let shop = Shop::new("l.csv", "Title,Body (HTML),prompt\nMug,<p>x</p>,p\nJug,,p\n", job);
    assert_eq!(shop.faults(), expected, "{job}");
}

#[test]
fn a_column_that_is_not_there_is_told_where_the_job_names_it() {
    check(
        "where = \"Titel != ''\"\n",
        &["jobs/j.toml:2:10: `where`: l.csv has no column `Titel`; did you mean `Title`?"],
    );
    check(
        "where = \"row['Body(HTML)'] != ''\"\n",
        &["jobs/j.toml:2:15: `where`: l.csv has no column `Body(HTML)`; did you mean `Body (HTML)`?"],
    );
    check(
        "fill_down = ['Title', 'title']\nignore = ['nme']\n",
        &[
            "jobs/j.toml:2:23: `fill_down`: l.csv has no column `title`; did you mean `Title`?",
            "jobs/j.toml:3:11: `ignore`: l.csv has no column `nme`; it has Title, Body (HTML), prompt",
        ],
    );
    check(
        "[template]\nprompt = \"\"\"\nA \\u00e4\\\n   {{ Title }}\n  on {{ Tilte }}\"\"\"\nname = 'x{{ Titel }}'\n\
         images = ['', '{{ Boddy }}']\n",
        &[
            "jobs/j.toml:6:9: `template.prompt`: l.csv has no column `Tilte`; did you mean `Title`?",
            "jobs/j.toml:7:13: `template.name`: l.csv has no column `Titel`; did you mean `Title`?",
            "jobs/j.toml:8:19: `template.images`: l.csv has no column `Boddy`; it has Title, Body (HTML), prompt",
        ],
    );
}

#[test]
fn a_column_in_brackets_is_told_once_a_row_was_asked_for_it_in_each_template() {
    check(
        "[template]\nprompt = '{{ Title }}{{ row[\"Body(HTML)\"] }}'\nid = '{{ row[\"Body(HTML)\"] }}{{ Title }}'\n",
        &[
            "jobs/j.toml:3:30: `template.prompt`: l.csv has no column `Body(HTML)`; did you mean `Body (HTML)`?",
            "jobs/j.toml:4:15: `template.id`: l.csv has no column `Body(HTML)`; did you mean `Body (HTML)`?",
        ],
    );
    check(
        "[template]\nprompt = '{{ row[\"Bo\" ~ \"di\"] }}{{ Title }}'\n",
        &["jobs/j.toml:3:10: `template.prompt`: l.csv has no column `Bodi`; it has Title, Body (HTML), prompt"],
    );
}

#[test]
fn mistakes_in_a_piece_are_told_in_its_own_lines() {
    let job = "[template]\nprompt = \"{% include 'look' %}{{ Title }}\"\n";
    for (piece, expected) in [
        ("a\n{{ Titel }}", "2:4: this piece: l.csv has no column `Titel`; did you mean `Title`?"),
        ("a\n{{ row['Body'] }}", "2:9: this piece: l.csv has no column `Body`; did you mean `Body (HTML)`?"),
        ("\u{e4} {{ Title | lowre }}", "1:14: there is no filter `lowre`; did you mean `lower`?"),
        ("x\n\n{{ Title", "3:4: this is not understood: the end stands where `}}` belongs"),
        (
            "{% include 'light' %}",
            "1:4: there is no piece `light` to include; the folder `partials` beside the job file has look",
        ),
    ] {
        let shop = Shop::new("l.csv", "Title,Body (HTML)\nMug,x\n", job).with("jobs/partials/look", piece);
        assert_eq!(shop.faults(), [format!("jobs/partials/look:{expected}")], "{piece}");
    }
}

#[test]
fn a_piece_that_is_not_there_is_told_where_it_is_included() {
    check(
        "[template]\nprompt = \"A {% include 'look.txt' %}\"\n",
        &[
            "jobs/j.toml:3:16: there is no piece `look.txt` to include; put it into the folder `partials` beside the job file",
        ],
    );
    let job = "[template]\nprompt = \"A {% include 'lok.txt' %}\"\n";
    let shop = Shop::new("l.csv", "a\nx\n", job).with("jobs/partials/look.txt", "x");
    assert_eq!(shop.faults(), ["jobs/j.toml:3:16: there is no piece `lok.txt` to include; did you mean `look.txt`?"]);
}

#[test]
fn filters_tests_and_keys_that_are_unknown_are_told_before_the_manifest_is_read() {
    check(
        "where = \"Title != '' and Title | lowre == 'x'\"\n",
        &["jobs/j.toml:2:34: `where`: there is no filter `lowre`; did you mean `lower`?"],
    );
    check(
        "[template]\nprompt = \"{% if Title == 'x' %}{{ Title | lowre }}{% endif %}{{ Title | striptag }}\"\n\
         name = '{% if Title is defind %}x{% endif %}'\n",
        &[
            "jobs/j.toml:3:43: there is no filter `lowre`; did you mean `lower`?",
            "jobs/j.toml:3:73: there is no filter `striptag`; did you mean `striptags`?",
            "jobs/j.toml:4:24: there is no test `defind`; did you mean `defined`?",
        ],
    );
    check(
        "[template]\npromt = 'x'\n",
        &["jobs/j.toml:3:1: `template`: no column `promt` is read; did you mean `prompt`?"],
    );
}

#[test]
fn what_is_not_understood_is_told_at_its_line_and_column() {
    for (job, expected) in [
        ("where = \"Title = ''\"\n", "2:16: `where`: this is not understood:"),
        ("where = ['x']\n", "2:9: `where`: write an expression in quotes"),
        ("[template]\nprompt = \"\"\"\na\n{{ Title }\"\"\"\n", "5:10: this is not understood:"),
        (
            "[template]\nprompt = '{% if Title %}x'\n",
            "3:25: this is not understood: the end stands where `%}`, or a tag such as `{% endif %}`, belongs",
        ),
        ("[template]\nprompt = ['a']\n", "3:10: `template.prompt`: write text in quotes"),
        ("fill_down = 'Title'\n", "2:13: `fill_down`: write a list of columns"),
        ("[matrix]\nview = 'a'\n", "3:8: `matrix.view`: write a list of values"),
        ("[matrix]\nview = ['a b', 'A-B']\n", "3:16: `matrix.view`: `A-B` gives the same id"),
        ("[matrix]\nrow = ['a']\n", "3:7: `matrix.row`: `row` has a meaning of its own"),
    ] {
        let shop = Shop::new("l.csv", "Title,prompt\nMug,p\n", job);
        let faults = shop.faults();
        assert!(faults.len() == 1 && faults[0].starts_with(&format!("jobs/j.toml:{expected}")), "{job}: {faults:?}");
    }
}

#[test]
fn a_loop_without_end_is_stopped() {
    let much = "this takes too much work for one row; look for a loop that is too long";
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}";
    let faults = Shop::new("l.csv", "t\nx\n", &format!("[template]\nprompt = '{endless}'\n")).faults();
    assert!(faults.len() == 1 && faults[0].starts_with("jobs/j.toml:3:") && faults[0].ends_with(much), "{faults:?}");
    let by_row = "{% for a in range(t | int) %}{% for b in range(t | int) %}x{% endfor %}{% endfor %}";
    let job = format!("[template]\nprompt = 'p{by_row}'\n");
    let faults = Shop::new("l.csv", "t\n0\n99999\n3\n", &job).faults();
    assert!(faults.len() == 1 && faults[0].starts_with(&format!("l.csv:3: `prompt`: {much}")), "{faults:?}");
    let itself = Shop::new("l.csv", "t\nx\n", "[template]\nprompt = \"{% include 'a' %}\"\n")
        .with("jobs/partials/a", "{% include 'a' %}");
    assert!(!itself.faults().is_empty());
}

#[test]
fn a_key_that_no_line_of_json_has_is_told_behind_the_last() {
    let lines = "{\"Title\": \"Mug\"}\n{\"Color\": \"red\", \"Title\": \"\"}\n";
    let job = "[template]\nprompt = 'p {{ Title }}{{ Color }}{{ Colour }}{{ row[\"Size\"] }}'\n";
    assert_eq!(
        Shop::new("l.jsonl", lines, job).faults(),
        [
            "jobs/j.toml:3:38: `template.prompt`: l.jsonl has no column `Colour`; did you mean `Color`?",
            "jobs/j.toml:3:55: `template.prompt`: l.jsonl has no column `Size`; it has Title, Color",
        ]
    );
}

#[test]
fn a_row_that_breaks_the_condition_or_a_template_is_told_with_its_line() {
    let job = "where = \"price | float > 1\"\n[template]\nprompt = '{{ price | int }}'\n";
    let faults = Shop::new("l.csv", "price\n2\nmuch\n\"\"\n3.5\n", job).faults();
    assert!(faults[0].starts_with("l.csv:3: the job's `where` cannot be told of this row: "), "{faults:?}");
    let faults = Shop::new("l.csv", "price\n2\nx\n", "[template]\nprompt = 'a {{ price | int }}'\n").faults();
    assert!(
        faults.len() == 1 && faults[0].starts_with("l.csv:3: `prompt`: what stands here is no number;"),
        "{faults:?}"
    );
    assert!(faults[0].ends_with("(its template stands at jobs/j.toml:3:24)"), "{faults:?}");
    let faults = Shop::new("l.csv", "t\n\"\"\nx\n", "[template]\nprompt = ' {{ t }}'\nid = '{{ t }}'\n").faults();
    assert_eq!(faults.len(), 0, "a blank row is none: {faults:?}");
    let faults = Shop::new("l.csv", "t,u\n,1\nx,1\n", "[template]\nprompt = ' {{ t }}'\nid = '{{ t }}'\n").faults();
    assert!(faults[0].ends_with("or remove the row (from the template at jobs/j.toml:3:10)"), "{faults:?}");
    assert!(faults[1].contains("`id`: the template gives nothing for this row"), "{faults:?}");
}

#[test]
fn a_picture_that_is_not_there_is_told_by_its_own_name() {
    let job = "[template]\nimages = 'p/{{ c }}.png'\n";
    let faults = Shop::new("l.csv", "c,prompt\na[b],p\nx,p\n", job).faults();
    assert_eq!(
        faults,
        [
            "l.csv:2: `images`: `p/a[b].png` is not there in HERE; if the `[` is meant as a pattern, write it as it is, \
             and in a template outside of {{ }} (from the template at jobs/j.toml:3:10)",
            "l.csv:3: `images`: `p/x.png` is not there; paths start at the manifest's folder, HERE (from the template at \
             jobs/j.toml:3:10)",
        ]
    );
}
