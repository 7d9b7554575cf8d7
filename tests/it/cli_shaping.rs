//! A catalogue's own export, shaped by a job file, from the rows to the table of results. Never tests mistakes.

use crate::support::gate::Gate;
use crate::support::workspace::Workspace;

const EXPORT: &str = "Handle,Title,Vendor,Body (HTML),Variant SKU\n\
                      mug,Mug,Oak & Co,<p>Soft&nbsp;glaze.</p><style>p {}</style>,1\nmug,,,,2\njug,Jug,,\"<b>Tall</b>, slim\",3\n";

const JOB: &str = "manifest = '../export.csv'\nconcurrency = '1'\nwhere = \"Title != ''\"\nfill_down = ['Vendor']\n[template]\n\
                   id = '{{ Handle }}'\nname = '{{ Vendor | slug }}/{{ Handle }}-{{ background | slug }}'\n\
                   prompt = \"{{ Title }} by {{ Vendor }} on {{ background }}. {{ row['Body (HTML)'] | striptags }} \
                   {% include 'look.txt' %}\"\n[matrix]\nbackground = ['white', 'Light Oak']\n";

fn catalogue() -> Workspace {
    let here = Workspace::new();
    here.write("export.csv", EXPORT);
    here.write("jobs/spring.toml", JOB);
    here.write("jobs/partials/look.txt", "In daylight.\n");
    here
}

#[test]
fn an_export_as_it_stands_becomes_prompts_names_and_a_table_with_every_row() {
    let (here, gate) = (catalogue(), Gate::shut());
    gate.open();
    here.overnight("run jobs/spring.toml").at(&gate.url()).end().exits(0);
    let mut prompts = gate.prompts();
    prompts.sort();
    assert_eq!(
        prompts,
        [
            "Jug by Oak & Co on Light Oak. Tall, slim In daylight.",
            "Jug by Oak & Co on white. Tall, slim In daylight.",
            "Mug by Oak & Co on Light Oak. Soft\u{a0}glaze. In daylight.",
            "Mug by Oak & Co on white. Soft\u{a0}glaze. In daylight.",
        ]
        .map(|prompt| prompt.replace('\u{a0}', " "))
    );
    let names = ["oak-co/jug-light-oak", "oak-co/jug-white", "oak-co/mug-light-oak", "oak-co/mug-white"];
    assert_eq!(here.pictures("output/spring"), names);
    let table = here.read("output/spring/results.csv");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let cells: Vec<Vec<String>> =
        rows.records().map(|row| row.unwrap().iter().take(5).map(str::to_owned).collect()).collect();
    assert!(cells.contains(&["mug", "", "", "", "2"].map(str::to_owned).into()), "left out, and there: {table}");
    assert!(cells.iter().any(|row| row[0] == "jug" && row[2].is_empty()), "as it was written: {table}");
}

#[test]
fn an_edited_piece_is_noticed_by_a_list_that_is_the_same() {
    let (here, gate) = (catalogue(), Gate::shut());
    gate.open();
    here.overnight("run jobs/spring.toml").at(&gate.url()).end().exits(0);
    let plan = || here.overnight("plan jobs/spring.toml --json").end().exits(0).json();
    assert_eq!((plan()["unchanged"].as_u64(), plan()["changed"].as_u64()), (Some(4), Some(0)));
    here.write("jobs/partials/look.txt", "At night.\n");
    assert_eq!(plan()["changed"], 4);
    here.overnight("run jobs/spring.toml --changed").at(&gate.url()).end().exits(0);
    assert_eq!(gate.prompts().iter().filter(|prompt| prompt.ends_with("At night.")).count(), 4);
}
