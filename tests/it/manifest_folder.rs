//! A folder of images as a manifest. Never looks at what is asked of the model.

use std::fs;

use crate::support::gemini::png;
use crate::support::workspace::Workspace;

/// A workspace whose folder `photos` has these pictures.
fn photos(files: &[&str]) -> Workspace {
    let here = Workspace::new();
    for file in files {
        here.write(&format!("photos/{file}"), "");
        fs::write(here.path("photos").join(file), png(200)).unwrap();
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

#[test]
fn a_job_file_gives_the_prompt_and_the_pictures_keep_the_folders_order() {
    let here = photos(&["mug.png", "shirts/red.png", "shirts/red.jpg", "output/old/1.png"]);
    here.write(
        "jobs/shop.toml",
        "manifest = \"../photos\"\n[template]\nprompt = \"{{ stem }} of {{ folder }} on oak\"\n",
    );
    here.overnight("run jobs/shop.toml --rehearse --progress plain").end().exits(0).says(&["4 rows read, 4 items new"]);
    let pictures = ["mug", "output/old/1", "shirts/red.jpg", "shirts/red.png"];
    assert_eq!(here.pictures("output/shop-rehearsal"), pictures);
    let table = here.read("output/shop-rehearsal/results.csv");
    assert!(table.starts_with("id,name,manifest_file,stem,folder,images,status,file,"), "{table}");
    assert!(table.contains("\nmug,mug,mug.png,mug,,mug.png,done,mug."), "{table}");
    let shown = here.overnight("show jobs/shop.toml shirts/red.jpg --rehearse").end().exits(0).stdout;
    assert!(shown.contains("red of shirts on oak") && shown.contains("shirts/red.jpg"), "{shown}");
    here.overnight("run jobs/shop.toml --rehearse").end().exits(0).says(&["nothing to do"]);
    here.write("photos/lamp.png", "");
    fs::write(here.path("photos/lamp.png"), png(200)).unwrap();
    here.overnight("run jobs/shop.toml --rehearse --progress plain").end().exits(0).says(&["1 item new"]);
}

#[test]
fn a_folder_may_be_its_own_workspace() {
    let here = photos(&["mug.png", "lamp.png"]);
    here.write("photos/shop.toml", "manifest = \".\"\n[template]\nprompt = \"{{ stem }} on oak\"\n");
    let run = here.overnight_in("photos", "run shop.toml --rehearse --progress plain");
    run.end().exits(0).says(&["2 items new"]);
    assert_eq!(here.pictures("photos/output/shop-rehearsal"), ["lamp", "mug"]);
    here.overnight_in("photos", "run shop.toml --rehearse").end().exits(0).says(&["nothing to do"]);
}
