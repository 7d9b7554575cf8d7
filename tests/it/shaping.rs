//! What a job file makes of the rows of its manifest: which are taken, what is filled in, what templates put into them.
//! Never tests mistakes.

use std::fs;
use std::path::Path;

use overnight::domain::{AspectRatio, Item, ManifestRow};
use overnight::job::{Job, JobError, Manifest, Options, fingerprint};
use serde_json::{Value, json};

use crate::manifest::PNG;
use crate::support::workbook::sheet_of;

/// A folder with a job `jobs/j.toml`.
pub struct Shop(tempfile::TempDir);

impl Shop {
    /// One whose job reads `manifest`, which holds this text, and says this of its rows.
    pub fn new(manifest: &str, text: &str, job: &str) -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        shop.with(manifest, text).with("jobs/j.toml", format!("manifest = \"../{manifest}\"\n{job}"))
    }

    /// The same with one more file.
    pub fn with(self, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// The same with these pictures.
    pub fn with_pictures(self, pictures: &[&str]) -> Self {
        pictures.iter().fold(self, |shop, picture| shop.with(picture, PNG))
    }

    /// Its job.
    pub fn job(&self) -> Result<Job, JobError> {
        Job::load(Path::new("jobs/j.toml"), &Options::default(), self.0.path())
    }

    /// Its rows, none of which is at fault.
    pub fn rows(&self) -> Vec<(ManifestRow, Vec<Item>)> {
        let manifest = Manifest::open(&self.job().unwrap()).unwrap();
        manifest.map(|row| row.map_err(|bad| format!("{:?}", bad.faults)).unwrap()).collect()
    }

    /// Its items.
    pub fn items(&self) -> Vec<Item> {
        self.rows().into_iter().flat_map(|(_, items)| items).collect()
    }

    /// All that is wrong with it, in the order in which it is found.
    pub fn faults(&self) -> Vec<String> {
        let here = self.0.path().display().to_string();
        let faults = match self.job() {
            Err(JobError::Faults(faults)) => faults,
            job => Manifest::open(&job.unwrap()).unwrap().filter_map(Result::err).flat_map(|bad| bad.faults).collect(),
        };
        faults.iter().map(|fault| fault.to_string().replace(&here, "HERE")).collect()
    }
}

pub fn prompts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.request.prompt.as_str()).collect()
}

fn ids(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

const LIST: &str = "Handle,Title,Vendor,Price\nmug,Mug,Oak & Co,12\ncup,,,30\njug,Jug,,8\nbowl,Bowl,Elm,\n";

#[test]
fn where_takes_rows_by_their_cells_as_written_and_keeps_the_others_for_the_table() {
    let job = "where = \"Title != '' and (Vendor == '' or Price | float > 10)\"\n\
               fill_down = ['Vendor']\n[template]\nid = '{{ Handle }}'\nprompt = '{{ Title }} by {{ Vendor }}'\n";
    let shop = Shop::new("l.csv", &LIST.replace("Elm,\n", "Elm,1\n"), job);
    let rows = shop.rows();
    let taken: Vec<usize> = rows.iter().map(|(_, items)| items.len()).collect();
    assert_eq!(taken, [1, 0, 1, 0]);
    let items = shop.items();
    assert_eq!(prompts(&items), ["Mug by Oak & Co", "Jug by Oak & Co"], "filled down behind the condition");
    assert_eq!(rows[2].0.cells, [json!("jug"), json!("Jug"), json!(""), json!("8")], "as written");
    assert_eq!(rows[1].0.cells[0], "cup");
}

#[test]
fn an_empty_cell_takes_the_value_of_the_nearest_row_above_be_that_taken_or_not() {
    let list = "a,b,prompt\n1,x,p\n,y,left out\n, ,p\n4,,p\n";
    let job = "where = \"prompt == 'p'\"\nfill_down = ['a', 'b']\n[template]\nprompt = '{{ a }}{{ b }}'\n";
    assert_eq!(prompts(&Shop::new("l.csv", list, job).items()), ["1x", "1y", "4y"]);
    let lines = "{\"a\": 7, \"prompt\": \"p\"}\n{\"prompt\": \"q\"}\n";
    let shop = Shop::new("l.jsonl", lines, "fill_down = ['a']\n[template]\nprompt = '{{ a + 1 }}'\n");
    assert_eq!(prompts(&shop.items()), ["8", "8"], "numbers stay such");
    assert_eq!(shop.rows()[1].0.cells[0], Value::Null);
}

#[test]
fn a_column_that_is_ignored_is_kept_unread() {
    let list = "prompt,name,seed,image_size\np,/any,x,large\n";
    let shop = Shop::new("l.csv", list, "ignore = ['name', 'seed', 'image_size']\n");
    let (row, items) = &shop.rows()[0];
    assert_eq!(
        (row.cells[1..].to_vec(), items[0].request.seed),
        (vec![json!("/any"), json!("x"), json!("large")], None)
    );
    let warnings = Manifest::open(&shop.job().unwrap()).unwrap().warnings();
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn every_column_of_text_can_be_a_template() {
    let list = "h,ratio,n,prompt\nmug,4:5,2,unread\n";
    let job = "[template]\nid = 'id-{{ h }}'\nprompt = 'a {{ h }}, {{ variant }}'\nimages = '{{ h }}.png'\n\
               name = 'm/{{ h | upper }}'\naspect_ratio = ' {{ ratio }} '\nimage_size = '{{ n - 1 }}K'\n\
               thinking = \"{{ 'high' if n | int > 1 }}\"\nmodalities = 'image'\ntemperature = '0.{{ n }}'\n\
               seed = '{{ n | int * 21 }}'\nmodel = 'model-{{ n }}'\nvariants = 2\nsystem_instruction = 'be {{ h }}'\n";
    let job = job.replace("{{ n - 1 }}", "{{ n | int - 1 }}");
    let items = Shop::new("l.csv", list, &job).with_pictures(&["mug.png"]).items();
    assert_eq!(ids(&items), ["id-mug-1", "id-mug-2"]);
    assert_eq!(items[1].name, "m/MUG-2");
    let request = &items[0].request;
    assert_eq!((request.prompt.as_str(), &request.references), ("a mug, 1", &vec!["mug.png".to_owned()]));
    assert_eq!((request.aspect_ratio, request.image_size.as_str()), (Some(AspectRatio::R4x5), "1K"));
    assert_eq!((request.thinking.unwrap().as_str(), request.seed, request.temperature), ("high", Some(42), Some(0.2)));
    assert_eq!((request.model.as_str(), request.system_instruction.as_deref()), ("model-2", Some("be mug")));
}

#[test]
fn a_template_that_gives_nothing_leaves_an_optional_column_to_its_default() {
    let job =
        "aspect_ratio = '1:1'\n[template]\nprompt = 'p {{ a }}'\naspect_ratio = '{{ a }}'\nimages = ['{{ b }}', '']\n";
    let items = Shop::new("l.csv", "a,b,c\n,,x\n4:5,,x\n", job).items();
    let ratios: Vec<_> = items.iter().map(|item| item.request.aspect_ratio).collect();
    assert_eq!(ratios, [Some(AspectRatio::Square), Some(AspectRatio::R4x5)]);
    assert!(items[0].request.references.is_empty());
}

fn references(cell: &str, images: &str, pictures: &[&str]) -> Vec<String> {
    let cell = cell.replace('"', "\"\"");
    let shop = Shop::new("l.csv", &format!("c,prompt\n\"{cell}\",p\n"), &format!("[template]\nimages = {images}\n"));
    shop.with_pictures(pictures).items().remove(0).request.references
}

#[test]
fn images_are_a_list_without_its_empty_ones_and_one_text_may_hold_several() {
    let two = ["a.png", "b.png"];
    for (cell, images) in [
        ("a", "['{{ c }}.png', 'b.png']"),
        ("a.png; b.png", "'{{ c }}'"),
        ("a.png", "'{{ c }};b.png;'"),
        ("", "['{{ c }}', 'a.png', ' ', 'b.png']"),
        ("[\"a.png\", \"b.png\"]", "'{{ c }}'"),
        ("b", "'[\"a.png\", \"{{ c }}.png\"]'"),
        ("", "'?.png'"),
        ("[ab].png", "'{{ c | safe }}'"),
    ] {
        assert_eq!(references(cell, images, &two), two, "{cell} in {images}");
    }
    let lines = "{\"c\": [\"a.png\", \"b.png\"], \"prompt\": \"p\"}\n";
    let shop = Shop::new("l.jsonl", lines, "[template]\nimages = '{{ c }}'\n").with_pictures(&two);
    assert_eq!(shop.items()[0].request.references, two);
}

#[test]
fn what_a_cell_puts_into_a_pattern_stands_for_itself() {
    let pictures = ["p/a[b]*c-1.png", "p/a[b]*c-2.png", "p/ab-x-c-1.png", "p/abc.png", "a[b].png", "b?.png"];
    let front = ["p/a[b]*c-1.png", "p/a[b]*c-2.png"];
    assert_eq!(references("a[b]*c", "'p/{{ c }}*.png'", &pictures), front);
    assert_eq!(references("a[b]*c", "'{% set file = c %}p/{{ file }}-?.png'", &pictures), front);
    assert_eq!(references("a[b]*c", "'{% set file %}p/{{ c }}{% endset %}{{ file }}-[12].png'", &pictures), front);
    assert_eq!(references("a[b]", "'{{ c }}.png'", &pictures), ["a[b].png"]);
    assert_eq!(references("b?.png", "'{{ c }}'", &pictures), ["b?.png"]);
    assert_eq!(references("1?a=[b]", "'https://shop.example/{{ c }}&x=*'", &[]), ["https://shop.example/1?a=[b]&x=*"]);
    let job = "[template]\nimages = \"{% include 'photo' %}\"\n";
    let shop = Shop::new("l.csv", "c,prompt\na[b],p\n", job).with("jobs/partials/photo", "{{ c }}.pn?\n");
    assert_eq!(shop.with_pictures(&["a[b].png", "ab.png"]).items()[0].request.references, ["a[b].png"]);
}

#[test]
fn pieces_beside_the_job_file_are_included() {
    let job = "[template]\nprompt = \"{% include 'look.txt' %} {% include 'sub/end' %}\"\n";
    let shop = Shop::new("l.csv", "Title\nMug\n", job)
        .with("jobs/partials/look.txt", "A {{ Title }} {% include 'sub/light' %},\n")
        .with("jobs/partials/sub/light", "in daylight\n")
        .with("jobs/partials/sub/end", "{{ row['Title'] | lower }}")
        .with("jobs/partials/.hidden", "{{ broken");
    assert_eq!(prompts(&shop.items()), ["A Mug in daylight, mug"]);
}

#[test]
fn cells_are_data_and_never_templates() {
    let cells = ["{{ 7*7 }}", "{% include 'look.txt' %}", "{# x #}", "{{ row }}", "{% raw %}"];
    for cell in cells {
        let list = format!("c\n\"{cell}\"\n");
        let job = "where = \"c != '49'\"\nfill_down = ['c']\n[template]\nprompt = \"{{ c }}|{{ row['c'] | upper }}\"\n";
        let shop = Shop::new("l.csv", &list, job).with("jobs/partials/look.txt", "secret");
        assert_eq!(prompts(&shop.items()), [format!("{cell}|{}", cell.to_uppercase())]);
    }
}

#[test]
fn rows_of_every_format_are_shaped() {
    let job =
        "[template]\nprompt = '{{ Title }} {{ Price }} {{ Tags | default(\"none\") }}'\n[matrix]\nview = [1, 2]\n";
    let lines =
        "{\"Title\": \"Mug\", \"Price\": 9.5, \"Tags\": [\"a\", \"b\"]}\n{\"Title\": \"Jug\", \"Tags\": null}\n";
    let read = |shop: Shop| shop.items().iter().map(|item| item.request.prompt.clone()).step_by(2).collect::<Vec<_>>();
    assert_eq!(read(Shop::new("l.jsonl", lines, job)), ["Mug 9.5 a, b", "Jug  none"]);
    assert_eq!(read(Shop::new("l.tsv", "Title\tPrice\tTags\nMug\t9,5\t\n", job)), ["Mug 9,5 none"]);
    let sheet = sheet_of(&[&["Title", "Price", "Tags"], &["Mug", "9.5", "x"]]);
    assert_eq!(read(Shop::new("l.xlsx", "", job).with("l.xlsx", sheet)), ["Mug 9.5 x"]);
    let job = "[template]\nprompt = '{{ id }}, {{ images | replace(\".png\", \"\") }}'\n";
    let folder = Shop::new("photos", "", job);
    fs::remove_file(folder.0.path().join("photos")).unwrap();
    assert_eq!(prompts(&folder.with_pictures(&["photos/mug.png"]).items()), ["mug, mug"]);
}

#[test]
fn an_edited_template_or_piece_asks_for_something_else() {
    let job = "[template]\nprompt = \"{{ a }} {% include 'look' %}\"\n";
    let shop = |job: &str, look: &str| {
        let shop = Shop::new("l.csv", "a\nMug\n", job).with("jobs/partials/look", look);
        // The folder is a part of it, so both stand in one.
        let (items, job) = (shop.items(), shop.job().unwrap());
        let list = shop.0.path().display().to_string();
        (items[0].digest, format!("{:?}", job.shaping).replace(&list, ""), fingerprint(&job).is_some())
    };
    let before = shop(job, "on oak");
    assert_eq!(shop(&format!("\n\n{job}"), "on oak\n"), before, "a line more above changes nothing");
    for other in [shop(job, "on elm"), shop(&job.replace("{{ a }}", "a {{ a }}"), "on oak")] {
        assert!(other.0 != before.0 && other.1 != before.1 && other.2);
    }
}

#[test]
fn the_fingerprint_of_a_manifest_tells_an_edited_piece() {
    let job = "[template]\nprompt = \"{% include 'look' %} {{ a }}\"\n";
    let shop = Shop::new("l.csv", "a\nMug\n", job).with("jobs/partials/look", "on oak");
    let before = fingerprint(&shop.job().unwrap());
    assert_eq!(fingerprint(&shop.job().unwrap()), before);
    let shop = shop.with("jobs/partials/look", "on elm");
    assert_ne!(fingerprint(&shop.job().unwrap()), before);
}

#[test]
fn a_cell_of_a_megabyte_is_shaped_at_once() {
    let cells = ["<style>x", "<style></style>", "<head><style></head>", "&", "<", "a ", "&amp;<p>"];
    let job = "[template]\nprompt = '{{ c | striptags | truncate(30) }}.{{ c | truncate(9) | slug }}'\n";
    for cell in cells {
        let list = format!("c\n\"{}\"\n", cell.repeat(1_000_000 / cell.len()));
        let start = std::time::Instant::now();
        assert_eq!(Shop::new("l.csv", &list, job).items().len(), 1);
        // What grows with the square of the length takes minutes.
        assert!(start.elapsed().as_secs() < 10, "{cell}: {:?}", start.elapsed());
    }
}
