//! What the text of each page presupposes: files that its reader has. Never anything that an example makes itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::shell::Place;
use crate::support::photo::photo;
use crate::support::workbook::{texts, workbook};
use crate::support::workspace::KEY;

/// A piece of a job file, tried as the rest of a job that has nothing but a list.
pub const FRAGMENT: &str = "jobs/fragment.toml";
/// What stands before the piece.
pub const FRAGMENT_OF: &str = "manifest = \"../fragment.csv\"";

/// A list with the columns that pieces of job files name.
const FRAGMENT_LIST: &str = "\
id,prompt,name,Handle,Title,Body (HTML),Vendor,Type,Image Src,Front Image,Side Image
mug,A mug,The mug,mug,Blue Mug,<p>Stoneware.</p>,Kiln,Mugs,https://cdn.shop.example/mug.jpg,photos/mug-1.jpg,photos/mug-2.jpg
";

/// A shop's own export, as shops write it.
const EXPORT: &str = "\
Handle,Title,Body (HTML),Vendor,Type,Image Src
blue-mug,Blue Mug,<p>Glazed <b>stoneware</b>.</p>,Kiln,Mugs,https://cdn.shop.example/mug.jpg
blue-mug,,,,,https://cdn.shop.example/mug-2.jpg
oak-bowl,Oak Bowl,<p>Turned from one piece.</p>,Kiln,Bowls,https://cdn.shop.example/bowl.jpg
";

/// A checkout of this project, with a shop's export in it.
pub fn readme() -> Place {
    let place = with_fragments();
    copy("jobs", &place.folder.path("jobs"));
    place.folder.write("products.csv", EXPORT);
    place
}

/// A list of pictures.
pub fn list() -> Place {
    let place = with_fragments();
    place.folder.write("spring.csv", "id,prompt\nmug-7,A blue mug\nmug-8,A green mug\n");
    place
}

/// The same with the file of a key, and the folders that a system has for what is put there.
pub fn tasks() -> Place {
    let place = list();
    place.folder.write("anyfast.key", KEY);
    let key = fs::Permissions::from_mode(0o600);
    fs::set_permissions(place.folder.path("anyfast.key"), key).unwrap();
    for folder in [".local/share/bash-completion/completions", ".config/systemd/user"] {
        fs::create_dir_all(place.folder.path("home").join(folder)).unwrap();
    }
    place
}

/// A shop's photographs, and a workbook of its wares.
pub fn catalogues() -> Place {
    let place = with_fragments();
    workbook_of_wares(&place, "Wares");
    let products = ["blue-mug-1", "blue-mug-2", "oak-bowl", "linen-towel"];
    products.iter().for_each(|product| photos(&place, &[&format!("photos/{product}.jpg")]));
    place
}

/// Jobs, lists and folders by the names that the help has for them; the job `nightly` has run.
pub fn help() -> Place {
    let place = Place::new();
    let list = "id,prompt\nmug-7,A blue mug\nmug-9,A green mug\n";
    ["products.csv", "night.csv", "spring.csv"].iter().for_each(|file| place.folder.write(file, list));
    place.folder.write("jobs/nightly.toml", "manifest = \"../night.csv\"\nschedule.cron = \"0 22 * * *\"\n");
    place.folder.write("jobs/spring.toml", "manifest = \"../spring.csv\"\n");
    photos(&place, &["photos/cup.jpg"]);
    workbook_of_wares(&place, "2026");
    for folder in [".local/share/bash-completion/completions", ".config/fish/completions", ".zfunc"] {
        fs::create_dir_all(place.folder.path("home").join(folder)).unwrap();
    }
    place.does("overnight run jobs/nightly.toml").exits(0);
    place
}

fn with_fragments() -> Place {
    let place = Place::new();
    place.folder.write("fragment.csv", FRAGMENT_LIST);
    photos(&place, &["photos/mug-1.jpg", "photos/mug-2.jpg", "style.png"]);
    place
}

fn workbook_of_wares(place: &Place, sheet: &str) {
    let wares = texts(&[&["Article", "Title"], &["7", "Blue Mug"], &["9", "Oak Bowl"]]);
    fs::write(place.folder.path("wares.xlsx"), workbook(&[(sheet, wares)])).unwrap();
}

fn photos(place: &Place, files: &[&str]) {
    for file in files {
        place.folder.write(file, "");
        fs::write(place.folder.path(file), photo(64, 64)).unwrap();
    }
}

/// Copies a folder of this project.
fn copy(from: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(super::root().join(from)).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let (from, to) = (format!("{from}/{}", name.to_string_lossy()), to.join(&name));
        match entry.file_type().unwrap().is_dir() {
            true => copy(&from, &to),
            false => _ = fs::copy(super::root().join(&from), to).unwrap(),
        }
    }
}
