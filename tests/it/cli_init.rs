//! `overnight init`: a workspace from nothing, and jobs for lists of every kind that run as they stand. Never fetches
//! anything: rehearsals draw what addresses stand for.

use std::fs;

use overnight::job::{JobFile, Options};

use crate::support::gemini::png;
use crate::support::process::Ended;
use crate::support::workbook::sheet_of;
use crate::support::workspace::Workspace;

/// Begins from this list, runs the job and checks which pictures there are; gives the job and what was told.
#[track_caller]
fn assert_runs(file: &str, text: impl AsRef<[u8]>, pictures: &[&str]) -> (String, String) {
    let here = Workspace::new();
    fs::write(here.path(file), text.as_ref()).unwrap();
    let told = begin(&here, file);
    let stem = file.split('.').next().unwrap();
    let ran = here.overnight(&format!("run jobs/{stem}.toml --rehearse")).end().exits(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(here.pictures(&format!("output/{stem}-rehearsal")), pictures);
    assert_eq!(fs::read(here.path(file)).unwrap(), text.as_ref(), "the list stays as it is");
    (job(&here, stem), told)
}

#[track_caller]
fn begin(here: &Workspace, list: &str) -> String {
    here.overnight(&format!("init --from {list}")).end().exits(0).stdout
}

/// A job file that is right, also with every line in it that is commented out.
#[track_caller]
fn job(here: &Workspace, stem: &str) -> String {
    let text = here.read(&format!("jobs/{stem}.toml"));
    let bare = |line: &str| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line).to_owned();
    let all = text.lines().map(bare).collect::<Vec<_>>().join("\n");
    JobFile::parse(&all, "all.toml").unwrap_or_else(|faults| panic!("{faults:#?}\n{all}"));
    text
}

fn is_setting(line: &str) -> bool {
    let known = ["name", "images", "prompt", "background", "season"];
    let is_key = |key: &str| known.contains(&key) || Options::names().iter().any(|option| option == key);
    ["[matrix]", "[template]"].contains(&line) || line.split_once(" = ").is_some_and(|(key, _)| is_key(key))
}

#[test]
fn from_nothing_a_workspace_is_made_that_runs_at_once() {
    let here = Workspace::new();
    let told = here.overnight("init shop").end().exits(0).stdout;
    for words in ["made shop/jobs/catalog.toml", "made shop/products.csv", "run shop/jobs/catalog.toml --rehearse"] {
        assert!(told.contains(words), "{told}");
    }
    here.overnight("plan shop/jobs/catalog.toml").end().exits(0);
    let run = here.overnight("run shop/jobs/catalog.toml --rehearse --progress plain");
    run.end().exits(0).says(&["4 rows read, 4 items new"]);
    assert_eq!(here.pictures("shop/output/catalog-rehearsal").len(), 4);
    let text = here.read("shop/jobs/catalog.toml");
    here.write("jobs/catalog.toml", &text);
    assert!(job(&here, "catalog").lines().count() < 60);
    assert!(here.read("shop/.gitignore").contains("/output/"));
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    for there in ["products.csv", "jobs/catalog.toml"] {
        let here = Workspace::new();
        here.write(there, "mine");
        here.overnight("init").end().exits(2).says(&[there, "is there already, and stays as it is"]);
        assert_eq!((here.files("").len(), here.read(there).as_str()), (1, "mine"));
        assert!(!here.path(".gitignore").exists());
    }
    let here = Workspace::new();
    here.write(".gitignore", "mine");
    here.write("products.csv", "id,prompt\na,A cup\n");
    here.overnight("init --from products.csv").end().exits(0);
    assert_eq!(here.read(".gitignore"), "mine");
    here.overnight("init --from products.csv").end().exits(2).says(&["jobs/products.toml is there already"]);
}

#[test]
fn an_export_of_shopify_gives_an_item_a_product() {
    let text = "Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Image Src,Image Position\n\
        blue-shirt,Ocean Blue Shirt,\"<p>Cotton, with a <b>narrow</b> collar</p>\",Acme,Shirt,men,Size,S,,https://cdn.shop.example/a.jpg?v=1,1\n\
        blue-shirt,,,,,,,M,,https://cdn.shop.example/b.jpg?v=1,2\n\
        blue-shirt,,,,,,,L,,,\n\
        mug,Mug,<p>Stoneware</p>,Acme,Kitchen,,Title,Default Title,,https://cdn.shop.example/c.png,1\n";
    let (job, told) = assert_runs("products.csv", text, &["blue-shirt", "mug"]);
    assert!(told.starts_with("products.csv: 2 items of 4 rows\n"), "{told}");
    for words in ["`Title`", "`Body (HTML)`", "`Handle`", "`Image Src`", "rows without `Title`"] {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert!(job.contains("row['Body (HTML)'] | striptags | truncate(300)"), "{job}");
}

#[test]
fn a_newer_export_of_shopify_does_so_too() {
    let text = "Title,URL handle,Description,Vendor,Product category,Type,SKU,Price,Product image URL,Image position,Image alt text\n\
        Mug,mug,<p>Stoneware</p>,Acme,Home,Kitchen,M-1,12.00,https://cdn.shop.example/c.png,1,\n\
        ,mug,,,,,M-2,13.00,https://cdn.shop.example/d.png,2,\n\
        Lamp,lamp,,Acme,Home,Light,L-1,80.00,,,\n";
    let (job, _) = assert_runs("new.csv", text, &["lamp", "mug"]);
    assert!(job.contains("{% if row['Product image URL'] %} Keep the product"), "{job}");
}

#[test]
fn an_export_of_woocommerce_leaves_variations_out() {
    let text = "ID,Type,SKU,Name,Published,Short description,Description,Images,Parent\n\
        10,variable,TS,T-Shirt,1,Soft,\"<p>Soft cotton &amp; more</p>\",\"https://w.example/a.jpg, https://w.example/b.jpg\",\n\
        11,variation,TS-R,T-Shirt - Red,1,,,https://w.example/r.jpg,TS\n\
        12,variation,TS-B,T-Shirt - Blue,1,,,https://w.example/r.jpg,TS\n\
        20,simple,CAP,Cap,1,,,,\n";
    let (job, told) = assert_runs("woo.csv", text, &["CAP", "TS"]);
    assert!(job.contains("where = \"Name != '' and Type != 'variation'\""), "{job}");
    assert!(job.contains("split(', ') | first") && told.contains("the first of `Images`"), "{job}{told}");
}

#[test]
fn a_feed_for_google_is_read_by_its_own_ids() {
    let text = "id\ttitle\tdescription\tlink\timage_link\tprice\tmodel\n\
        A-1\tMug\tA mug\thttps://s.example/mug\thttps://s.example/mug.webp\t12 EUR\tM/1\n\
        A-2\tLamp\tA lamp; bright\thttps://s.example/lamp\thttps://s.example/lamp.webp\t80 EUR\tL 1\n";
    let (job, told) = assert_runs("feed.tsv", text, &["A-1", "A-2"]);
    assert!(job.contains("image_link") && !job.contains("{{ link"), "{job}");
    assert!(job.contains("\"model\"") && told.contains("model"), "{job}");
}

#[test]
fn a_spreadsheet_with_headers_of_its_own_is_read() {
    let rows: &[&[&str]] = &[
        &["Artikel-Nr.", "Bezeichnung", "Größe (cm)", "Name", "Labels", "Bild "],
        &["100/1", "Tasse \"Blau\"", "9", "intern 1", "neu, rot", "fotos/tasse.jpg"],
        &["100/2", "Lampe", "40", "intern 1", "", ""],
        &["", "", "49", "", "", ""],
    ];
    let (job, told) = assert_runs("artikel.xlsx", sheet_of(rows), &["100_1", "100_2"]);
    assert!(job.contains("row['Artikel-Nr.']") && told.contains("none, for those in `Bild` cannot be had"), "{told}");
}

#[test]
fn columns_that_mean_something_here_and_something_else_there_are_not_read() {
    let text = "id,name,title,model,labels,variants,images,seed,safety\n\
        1,x/../y,Mug,Acme 3000!,new,red;blue,see below,tomato,CE\n\
        1,x/../y,Lamp,Acme 4000!,,green,none,pepper,CE\n";
    let (job, told) = assert_runs("parts.csv", text, &["lamp", "mug"]);
    for column in ["name", "model", "labels", "variants", "images", "seed", "safety"] {
        assert!(job.contains(&format!("\"{column}\"")), "{column}: {job}");
    }
    assert!(told.contains("`title`, as it stands in an address"), "{told}");
}

#[test]
fn a_list_that_has_prompts_is_taken_as_it_is() {
    let (job, told) = assert_runs("ours.csv", "id,prompt,aspect_ratio\na,A cup,1:1\nb,A hat,4:5\n", &["a", "b"]);
    assert!(!job.contains("\n[template]\n") && told.contains("what the list says itself"), "{job}");
    let (job, _) = assert_runs("some.csv", "id,prompt,model\na,A cup,Acme 3000!\nb,,\n", &["a"]);
    assert!(job.contains("where = \"prompt != ''\"") && job.contains("ignore = [\"model\"]"), "{job}");
    assert_runs("blanks.csv", "id,prompt\na,A cup\nb,  \n", &["a"]);
    let (job, _) = assert_runs("named.csv", "SKU,Image Prompt\na,A cup\nb,A hat\n", &["a", "b"]);
    assert!(job.contains("{{ row['Image Prompt'] }}"), "{job}");
    let batch = "{\"key\":\"a\",\"request\":{\"contents\":[{\"parts\":[{\"text\":\"A cup\"}]}]}}\n";
    assert_runs("batch.jsonl", batch, &["a"]);
}

#[test]
fn a_list_whose_headers_say_nothing_is_read_by_what_stands_in_it() {
    let text = "A,B,C\n17,Ein Krug,https://s.example/page\n18,Eine Lampe,https://s.example/other\n19,Ein Krug,\n";
    let (job, told) = assert_runs("plain.csv", text, &["17", "18", "19"]);
    assert!(told.contains("title     `B`") && told.contains("id        `A`") && !job.contains("{{ C"), "{told}");
}

#[test]
fn lines_of_json_are_read_with_their_lists() {
    let lines = "{\"sku\":\"m\",\"product\":\"Mug\",\"photos\":[\"https://s.example/1.jpg\",\"https://s.example/2.jpg\"]}\n\
                 {\"sku\":\"l\",\"product\":\"Lamp\",\"details\":{\"w\":4}}\n";
    assert_runs("wares.jsonl", lines, &["l", "m"]);
}

#[test]
fn headers_that_a_template_would_stumble_over_are_quoted() {
    let text = "\"it's \"\"the\"\" no.\",true,\"line\nbreak {{ }}\"\n1,Mug,a\\b\n2,Lamp,c\n";
    let (job, _) = assert_runs("odd.csv", text, &["lamp", "mug"]);
    assert!(job.contains("row['true']"), "{job}");
    let text = "row,Artikel-Nr.,Name\nx,1,Mug\nx,2,Lamp\n";
    let (job, _) = assert_runs("all.csv", text, &["lamp", "mug"]);
    assert!(!job.contains("{{ row['Artikel"), "{job}");
}

#[test]
fn photographs_that_are_there_go_along_and_a_folder_of_them_is_a_list() {
    let here = Workspace::new();
    for photo in ["photos/mug.png", "photos/sub/lamp.png"] {
        here.write(photo, "");
        fs::write(here.path(photo), png(300)).unwrap();
    }
    here.write("list.csv", "code;x,Product,Photo\nm,Mug,photos/mug.png\nl,Lamp,photos/sub/lamp.png\n");
    let told = begin(&here, "list.csv");
    assert!(told.contains("pictures  `Photo`"), "{told}");
    here.overnight("run jobs/list.toml --rehearse").end().exits(0);
    let told = begin(&here, "photos");
    assert!(told.starts_with("photos: 2 items of 2 rows") && told.contains("each image anew"), "{told}");
    here.overnight("run jobs/photos.toml --rehearse").end().exits(0);
    assert_eq!(here.pictures("output/photos-rehearsal"), ["mug", "sub/lamp"]);
    job(&here, "photos");
}

#[test]
fn a_list_may_lie_elsewhere_and_a_sheet_may_be_named() {
    let here = Workspace::new();
    here.write("lists/2026/x", "");
    fs::write(here.path("lists/2026/my wares.xlsx"), sheet_of(&[&["SKU", "Name"], &["a", "Mug"]])).unwrap();
    here.overnight("init shop --sheet Sheet1 --from").arg("lists/2026/my wares.xlsx").end().exits(0);
    let job = here.read("shop/jobs/my wares.toml");
    assert!(job.contains("manifest = \"../../lists/2026/my wares.xlsx\"\nsheet = \"Sheet1\"\n"), "{job}");
    here.overnight("run --rehearse").arg("shop/jobs/my wares.toml").end().exits(0);
    assert_eq!(here.pictures("shop/output/my wares-rehearsal"), ["a"]);
}

#[test]
fn what_is_wrong_with_a_list_is_said_and_nothing_is_written() {
    let here = Workspace::new();
    for (file, text, said) in [
        ("semi.csv", "Artikel;Name\n1;Krug, blau\n", "separated by semicolons, not commas"),
        ("twice.csv", "Title,Title\na,b\n", "two columns are named `Title`"),
        ("short.csv", "Title,SKU\nMug\n", "this row has 1 cell, but the header has 2"),
        ("none.csv", "Title,SKU\n", "none.csv lists nothing"),
        ("numbers.csv", "a,b\n1,2\n3,4\n", "no column of numbers.csv tells what its rows are"),
        ("old.xls", "", "save it as .xlsx"),
        ("text.docx", "", "neither a job nor a manifest"),
    ] {
        here.write(file, text);
        let ended: Ended = here.overnight(&format!("init --from {file}")).end().exits(2);
        assert!(ended.stderr.contains(said), "{file}: {}", ended.stderr);
    }
    here.overnight("init --from nowhere.csv").end().exits(2).says(&["nowhere.csv cannot be read"]);
    here.write("empty/notes.txt", "");
    here.overnight("init --from empty").end().exits(2).says(&["holds no JPEG, PNG or WebP image"]);
    assert!(!here.path("jobs").exists() && !here.path(".gitignore").exists());
}
