//! Patterns in the place of references, addresses among them, and what is told of pictures that lie on their side. Never
//! sends one.

use std::fs;
use std::path::Path;

use overnight::job::{Job, Manifest, Options, fingerprint};
use tempfile::TempDir;

use crate::manifest::PNG;
use crate::support::photo::{on_its_side, photo};

/// A folder with this manifest and these pictures, and the job file `job.toml` with this table `[references]`.
fn workspace(manifest: &str, pictures: &[&str], table: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for picture in pictures {
        fs::create_dir_all(path.join(picture).parent().unwrap()).unwrap();
        fs::write(path.join(picture), PNG).unwrap();
    }
    fs::write(path.join("p.csv"), manifest).unwrap();
    fs::write(path.join("job.toml"), format!("manifest = \"p.csv\"\n[references]\n{table}\n")).unwrap();
    folder
}

fn job(folder: &TempDir) -> Job {
    Job::load(Path::new("job.toml"), &Options::default(), folder.path()).unwrap()
}

/// The references of each row.
fn references(folder: &TempDir) -> Vec<Vec<String>> {
    Manifest::open(&job(folder)).unwrap().map(|row| row.unwrap().1.remove(0).request.references).collect()
}

fn faults(folder: &TempDir) -> Vec<String> {
    let here = folder.path().display().to_string();
    let faults = Manifest::open(&job(folder)).unwrap().filter_map(Result::err).flat_map(|bad| bad.faults);
    faults.map(|fault| fault.to_string().replace(&here, "HERE")).collect()
}

const CUPS: [&str; 5] = ["p/cup-2.png", "p/cup-10.png", "p/jug.png", "p/odd [1].png", "style/a.png"];

#[test]
fn a_pattern_gives_the_files_that_match_wherever_references_are_written() {
    let csv = "prompt,images,Front\np,p/cup*;p/odd [1].png,p/j?g.png\nq,,\n";
    let folder = workspace(csv, &CUPS, "columns = [\"Front\"]\nalways = [\"style/*.png\"]");
    let row = ["p/cup-10.png", "p/cup-2.png", "p/odd [1].png", "p/jug.png", "style/a.png"];
    assert_eq!(references(&folder), [&row[..], &row[4..]]);
    let sources = Manifest::open(&job(&folder)).unwrap().next().unwrap().unwrap().1.remove(0).sources.0;
    assert_eq!(sources, vec![Some(blake3::hash(PNG).to_hex().to_string()); 5]);
}

#[test]
fn a_pattern_gives_no_more_files_than_the_job_wants() {
    let folder = workspace("prompt,images\np,p/*;style/*\n", &CUPS, "most = 2");
    assert_eq!(references(&folder), [["p/cup-10.png", "p/cup-2.png", "style/a.png"]]);
    let many: Vec<String> = (10..25).map(|number| format!("p/{number}.png")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let told = faults(&workspace("prompt,images\np,p/*\n", &many, ""));
    assert!(told[0].starts_with("p.csv:2:3: `images`: 15 reference images match, and a request takes 14;"), "{told:?}");
}

#[test]
fn a_pattern_that_matches_nothing_is_told_with_the_folder() {
    let folder = workspace("prompt,images\np,p/pan*\nq,none/*.png\nr,p/[a\n", &CUPS, "always = [\"*.webp\"]");
    assert_eq!(
        faults(&folder),
        [
            "job.toml:3:11: `references.always`: `*.webp` matches nothing in HERE/; correct the pattern, or put the images there",
            "p.csv:2:3: `images`: `p/pan*` matches nothing in HERE/p/; correct the pattern, or put the images there",
            "p.csv:3:3: `images`: `none/*.png` matches nothing, since the folder HERE/none/ cannot be read: \
             there is no such file or folder",
            "p.csv:4:3: `images`: `p/[a` is not there, and it is no pattern: invalid range pattern; write [*], [?] or [[] \
             for the sign itself",
        ]
    );
}

#[test]
fn a_file_that_matches_and_is_no_picture_is_told_by_its_name() {
    let folder = workspace("prompt,images\np,p/*\n", &CUPS, "");
    fs::write(folder.path().join("p/notes.txt"), "a cup").unwrap();
    let told = faults(&folder);
    assert!(told[0].starts_with("p.csv:2:3: `images`: `p/notes.txt` is no JPEG, PNG or WebP image"), "{told:?}");
}

#[test]
fn thousands_of_patterns_look_in_a_large_folder_quickly() {
    let folder = workspace("", &[], "");
    fs::create_dir(folder.path().join("p")).unwrap();
    for number in 0..3_000 {
        fs::write(folder.path().join(format!("p/{number:05}-front.png")), PNG).unwrap();
    }
    let rows = (0..3_000).map(|number| format!("p,p/{number:05}*\n"));
    fs::write(folder.path().join("p.csv"), format!("prompt,images\n{}", rows.collect::<String>())).unwrap();
    let found = references(&folder);
    assert_eq!((found.len(), found[2_999].as_slice()), (3_000, &["p/02999-front.png".to_owned()][..]));
}

#[test]
fn addresses_are_taken_as_they_are_and_what_is_none_is_told() {
    let csv = "prompt,images\np,https://a.example/b%20c.jpg?v=1;p/jug.png;HTTP://a.example/d\n";
    let folder = workspace(csv, &CUPS, "");
    assert_eq!(references(&folder), [["https://a.example/b%20c.jpg?v=1", "p/jug.png", "HTTP://a.example/d"]]);
    let sources = Manifest::open(&job(&folder)).unwrap().next().unwrap().unwrap().1.remove(0).sources.0;
    assert!(sources[0].is_none() && sources[1].is_some() && sources[2].is_none());
    for (address, told) in [
        ("ftp://a.example/b.png", "`ftp://a.example/b.png` is an address that is not fetched; save the image"),
        ("data:image/png", "`data:image/png` is an address that is not fetched"),
        ("https://", "`https://` is no address: empty host; correct it"),
        ("https://me:secret@a.example/b.png", "an address at a.example holds a name or a password"),
        ("https://a.example/b c.png", "holds a space; write %20 for it"),
    ] {
        let told_of = faults(&workspace(&format!("prompt,images\np,{address}\n"), &[], ""));
        assert!(told_of.len() == 1 && told_of[0].contains(told), "{told_of:?}");
    }
}

#[test]
fn a_picture_on_its_side_is_told_once_where_its_reference_stands() {
    let csv = "prompt,images\np,p/jug.png\nq,p/side.jpg\nr,p/side.jpg\n";
    let folder = workspace(csv, &CUPS, "always = [\"p/style.jpg\"]");
    fs::write(folder.path().join("p/side.jpg"), on_its_side(40, 20)).unwrap();
    fs::write(folder.path().join("p/style.jpg"), on_its_side(60, 20)).unwrap();
    let read = |job: &Job, seen: &[_]| {
        let mut manifest = Manifest::open(job).unwrap();
        seen.iter().for_each(|seen| manifest.remember(seen));
        assert!(manifest.by_ref().all(|row| row.is_ok()));
        let notes: Vec<String> = manifest.notes().iter().map(ToString::to_string).collect();
        (notes, manifest.take_seen())
    };
    let plain = job(&folder);
    let (notes, seen) = read(&plain, &[]);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].starts_with("job.toml:3:11: `references.always`: `p/style.jpg` lies on its side"), "{notes:?}");
    assert!(notes[1].starts_with("p.csv:3:3: `images`: `p/side.jpg` lies on its side"), "{notes:?}");
    assert!(read(&plain, &seen).0.is_empty(), "the same files are told of once");
    fs::write(folder.path().join("p/side.jpg"), [on_its_side(40, 20), vec![0]].concat()).unwrap();
    assert_eq!(read(&plain, &seen).0.len(), 1, "but for the one that changed");
    fs::write(folder.path().join("job.toml"), "manifest = \"p.csv\"\n[references]\nrotate = true\n").unwrap();
    assert!(read(&job(&folder), &[]).0.is_empty());
    assert_ne!(fingerprint(&plain), fingerprint(&job(&folder)), "it shapes what is sent");
}

#[test]
fn what_is_reduced_may_be_larger_than_a_request_takes() {
    let folder = workspace("prompt,images\np,p/large.jpg\n", &CUPS, "");
    let large = [photo(100, 50), vec![0; 7_000_000]].concat();
    fs::write(folder.path().join("p/large.jpg"), large).unwrap();
    let told = faults(&folder);
    assert!(told[0].contains("7 MB is the most") && told[0].contains("reduce_to = 2048"), "{told:?}");
    fs::write(folder.path().join("job.toml"), "manifest = \"p.csv\"\n[references]\nreduce_to = 2048\n").unwrap();
    assert_eq!(references(&folder), [["p/large.jpg"]]);
}
