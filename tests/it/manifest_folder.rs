//! A folder of images as a manifest. Never looks at what is asked of the model.

use std::fs;

use crate::manifest::PNG;
use crate::support::workspace::Workspace;

/// A workspace whose folder `photos` has these pictures.
fn photos(files: &[&str]) -> Workspace {
    let here = Workspace::new();
    for file in files {
        here.write(&format!("photos/{file}"), "");
        fs::write(here.path("photos").join(file), PNG).unwrap();
    }
    here
}

#[test]
fn a_bare_folder_is_told_to_need_a_job_file_with_a_prompt() {
    let here = photos(&["a.png", "sub/b.png"]);
    let told = "photos:1: a folder of images has no prompts; write a job file with `manifest = \"photos\"`";
    for words in ["run photos", "run photos/", "run photos --manifest-format csv"] {
        here.overnight(words).end().exits(2).says(&[told, "photos: 1 mistake"]);
    }
    here.overnight_in("photos", "run .").end().exits(2).says(&[".:1: a folder of images has no prompts"]);
    here.write("empty/notes.txt", "");
    here.overnight("run empty").end().exits(2).says(&["empty:1: the folder holds no JPEG, PNG or WebP image; name"]);
    assert!(!here.path("output").exists());
}
