//! The reference images that a job file adds to those of every row: in which order, and how mistakes in them are told.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use overnight::domain::SeenFile;
use overnight::job::{Job, JobFile, Manifest, Options};
use tempfile::TempDir;

use crate::manifest::PNG;

/// A folder with these lists and the pictures a.png to d.png in `list/`, and the job file `job.toml` with this table.
fn workspace(manifest: &str, text: &str, references: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("list")).unwrap();
    for picture in ["a.png", "b.png", "c.png", "d.png"] {
        fs::write(folder.path().join("list").join(picture), PNG).unwrap();
    }
    fs::write(folder.path().join("list").join(manifest), text).unwrap();
    let job = format!("manifest = \"list/{manifest}\"\n[references]\n{references}\n");
    fs::write(folder.path().join("job.toml"), job).unwrap();
    folder
}

fn open(folder: &TempDir) -> Manifest {
    Manifest::open(&Job::load(Path::new("job.toml"), &Options::default(), folder.path()).unwrap()).unwrap()
}

/// The references of each row.
fn references(manifest: &str, text: &str, table: &str) -> Vec<Vec<String>> {
    let folder = workspace(manifest, text, table);
    open(&folder).map(|row| row.unwrap().1.remove(0).request.references).collect()
}

fn faults(manifest: &str, text: &str, table: &str) -> Vec<String> {
    faults_in(&workspace(manifest, text, table))
}

fn faults_in(folder: &TempDir) -> Vec<String> {
    let here = folder.path().display().to_string();
    let faults = open(folder).filter_map(Result::err).flat_map(|bad| bad.faults);
    faults.map(|fault| fault.to_string().replace(&here, "HERE")).collect()
}

#[test]
fn a_rows_own_images_come_first_then_the_mapped_columns_then_what_every_row_gets() {
    let table = "columns = [\"Side\", \"Front Image\"]\nalways = [\"d.png\"]";
    let csv = "prompt,Front Image,Side,images\np,a.png,b.png,c.png\np,a.png; b.png,,\np,\"[\"\"b.png\"\"]\",,\np,,,\n";
    let expected = [vec!["b.png", "d.png"], vec!["d.png"]];
    let read = references("p.csv", csv, table);
    assert_eq!(read[..2], [vec!["c.png", "b.png", "a.png", "d.png"], vec!["a.png", "b.png", "d.png"]]);
    assert_eq!(read[2..], expected);
    let lines = "{\"prompt\":\"p\",\"Side\":[\"b.png\"],\"Front Image\":null}\n{\"prompt\":\"q\"}\n";
    assert_eq!(references("p.jsonl", lines, table), expected);
    let batch = r#"{"key":"a","Side":"b.png","Front Image":"","request":{"contents":[{"parts":[{"text":"p"}]}]}}"#;
    assert_eq!(references("p.jsonl", batch, table), expected[..1]);
}

#[test]
fn a_reference_of_a_mapped_column_is_checked_where_it_stands() {
    let table = "columns = [\"Front\"]\nalways = [\"d.png\"]";
    let none = "`none.png` is not there; paths start at the manifest's folder, HERE/list";
    assert_eq!(
        faults("p.csv", "prompt,images,Front\np,a.png,none.png\n,a.png,7\n", table),
        [
            format!("list/p.csv:2:9: `Front`: {none}"),
            "list/p.csv:3:1: `prompt` is empty; say what the picture should show, or remove the row".to_owned(),
            "list/p.csv:3:8: `Front`: `7` is not there; paths start at the manifest's folder, HERE/list".to_owned(),
        ]
    );
    let many = vec!["a.png"; 13].join(";");
    let found = faults("p.csv", &format!("prompt,Front\np,b.png;{many}\n"), table);
    assert_eq!(found, ["list/p.csv:2:3: `Front`: 15 reference images are too many; a request takes 14"]);
}

#[test]
fn a_reference_that_is_a_link_to_nothing_is_told_as_such() {
    let folder = workspace("p.csv", "prompt,images\np,link.png\n", "");
    std::os::unix::fs::symlink("/nowhere/cup.png", folder.path().join("list/link.png")).unwrap();
    let told = faults_in(&folder);
    let expected =
        "list/p.csv:2:3: `images`: `link.png` is a link to /nowhere/cup.png, which is not there; correct the link";
    assert_eq!(told, [expected]);
}

#[test]
fn a_reference_of_every_row_is_checked_once_where_the_job_names_it() {
    let table = "always = [\"a.png\", \"none.png\"]";
    let none = "`none.png` is not there; paths start at the manifest's folder, HERE/list";
    let expected = [format!("job.toml:3:20: `references.always`: {none}")];
    assert_eq!(faults("p.csv", "prompt\np\nq\n", table), expected);
    assert_eq!(faults("p.jsonl", "{\"prompt\":\"p\"}\n", table), expected);
    let many = format!("always = [{}]", vec!["\"a.png\""; 15].join(","));
    let expected = "job.toml:3:11: `references.always`: 15 reference images are too many; a request takes 14";
    assert_eq!(faults("p.csv", "prompt\np\nq\n", &many), [expected]);
}

#[test]
fn a_mapped_column_that_is_not_there_is_told_with_the_nearest() {
    let table = "columns = [\"front image\", \"Side Imag\", \"Back\", \"images\"]";
    let expected = [
        "job.toml:3:12: `references.columns`: list/P has no column `front image`; did you mean `Front Image`?",
        "job.toml:3:27: `references.columns`: list/P has no column `Side Imag`; did you mean `Side Image`?",
        "job.toml:3:40: `references.columns`: list/P has no column `Back`; it has prompt, Front Image, Side Image",
        "job.toml:3:48: `references.columns`: `images` has a meaning of its own; name other columns here",
    ];
    let csv = "prompt,Front Image,Side Image\np,,\n";
    assert_eq!(faults("p.csv", csv, table), expected.map(|fault| fault.replace("list/P", "list/p.csv")));
    let lines = "{\"prompt\":\"p\"}\n{\"prompt\":\"q\",\"Front Image\":null,\"Side Image\":null}\n";
    assert_eq!(faults("p.jsonl", lines, table), expected.map(|fault| fault.replace("list/P", "list/p.jsonl")));
    assert!(faults("p.jsonl", "", table).is_empty(), "an empty list has another fault, told elsewhere");
}

#[test]
fn a_mapped_column_is_not_suspected_of_being_another() {
    let folder = workspace("p.csv", "prompt,reference_image\np,a.png\n", "columns = [\"reference_image\"]");
    assert!(open(&folder).warnings().is_empty());
}

#[test]
fn an_unknown_key_of_the_table_is_told_at_its_place() {
    let wrong = |table: &str| {
        JobFile::parse(&format!("manifest = 'a.csv'\n[references]\n{table}"), "a.toml").unwrap_err()[0].to_string()
    };
    assert_eq!(wrong("allways = []"), "a.toml:3:1: `references`: unknown key `allways`; did you mean `always`?");
    let not_a_list = wrong("always = 'a.png'");
    assert!(
        not_a_list.starts_with("a.toml:3:10: `references.always`: ") && !not_a_list.contains("invalid type"),
        "{not_a_list}"
    );
    let job = JobFile::parse("manifest = 'a.csv'\nreferences.always = ['a.png']", "a.toml").unwrap();
    assert_eq!(job.references.always[0].0, "a.png");
}

/// What each item's references hold, and the files that were looked at, after a reading that saw these before.
fn read_after(folder: &TempDir, before: &[SeenFile]) -> (Vec<Vec<Option<String>>>, Vec<SeenFile>) {
    let mut manifest = open(folder);
    before.iter().for_each(|seen| manifest.remember(seen));
    let sources = manifest.by_ref().flat_map(|row| row.unwrap().1).map(|item| item.sources.0).collect();
    let mut seen = manifest.take_seen();
    seen.sort_by(|one, other| one.path.cmp(&other.path));
    (sources, seen)
}

#[test]
fn every_item_tells_what_its_references_hold_in_their_order() {
    let csv = "prompt,images,variants\np,b.png;a.png,2\nq,,\n";
    let folder = workspace("p.csv", csv, "always = [\"d.png\"]");
    fs::write(folder.path().join("list/b.png"), [PNG, b"another"].concat()).unwrap();
    let (of_b, of_others) = (blake3::hash(&[PNG, b"another"].concat()), blake3::hash(PNG));
    let [b, other] = [of_b, of_others].map(|hash| Some(hash.to_hex().to_string()));
    let first = vec![b, other.clone(), other.clone()];
    let (sources, seen) = read_after(&folder, &[]);
    assert_eq!(sources, [first.clone(), first, vec![other]]);
    assert_eq!(seen.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a.png", "b.png", "d.png"]);
    assert_eq!(seen[1].hash, Some(of_b.into()));
}

#[test]
fn a_file_is_hashed_again_only_when_its_length_or_its_time_is_another() {
    let folder = workspace("p.csv", "prompt,images\np,a.png;b.png;c.png\n", "");
    let (fresh, mut seen) = read_after(&folder, &[]);
    // What no file holds shows what was hashed.
    seen.iter_mut().for_each(|file| file.hash = Some([1; 32]));
    fs::write(folder.path().join("list/b.png"), [PNG, b"longer"].concat()).unwrap();
    let touched = File::options().write(true).open(folder.path().join("list/c.png")).unwrap();
    touched.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    let (sources, again) = read_after(&folder, &seen);
    let longer = blake3::hash(&[PNG, b"longer"].concat()).to_hex().to_string();
    assert_eq!(sources, [vec![Some("01".repeat(32)), Some(longer), fresh[0][2].clone()]]);
    assert_eq!(again[0], seen[0], "and it is seen as it was");
    assert_ne!((again[1].bytes, again[2].modified), (seen[1].bytes, seen[2].modified));
}
