//! The review page as people see it, on a desk and on a tablet, by day and by night: accessible by the axe checks, and
//! kept as pictures for whoever wants to look.

use std::fs;
use std::path::Path;

use super::axe::demand_accessible;
use super::desk::{Desk, card};
use super::driver::{Browser, Screen};
use super::shots;
use crate::support::workspace::Workspace;

/// The demonstration, refused some pictures and stopped before it had the others.
fn demonstration() -> Workspace {
    let here = Workspace::new();
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    fs::create_dir_all(here.path("jobs/demo/references")).unwrap();
    for folder in ["", "demo", "demo/references"] {
        let files = fs::read_dir(jobs.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|file| file.is_file()) {
            let name = file.strip_prefix(&jobs).unwrap();
            fs::copy(&file, here.path("jobs").join(name)).unwrap();
        }
    }
    here.overnight("run jobs/demo.toml --fail refused=20% --limit 16").end().exits(5);
    here
}

/// The pictures of cards that are on the screen.
const IN_SIGHT: &str = "[...document.querySelectorAll('.card img')]\
    .filter((image) => image.getBoundingClientRect().top < innerHeight)";

/// Keeps what is seen, and lets axe look at it.
fn looked_at(page: &Browser, view: &str, screen: Screen) {
    let what = format!("review-{view}-{}-{}", screen.name, if screen.dark { "dark" } else { "light" });
    shots::keep(page, &what);
    demand_accessible(page, &what);
}

#[test]
fn axe_finds_nothing_grave_on_the_review_page() {
    let here = demonstration();
    let desk = Desk::of(&here, "jobs/demo.toml");
    let page = &desk.page;
    for (place, word) in [(0, "approved"), (1, "favourite"), (2, "rejected")] {
        page.click(&format!("{} [data-say={word}]", card(place)));
        page.sees(&format!("{} [data-say={word}][aria-pressed=true]", card(place)));
    }
    for screen in [Screen::DESKTOP, Screen::DESKTOP.dark(), Screen::TABLET, Screen::TABLET.dark()] {
        page.look_through(screen);
        page.open(&desk.origin);
        page.sees("#grid.placed");
        page.wait_for(&format!("{IN_SIGHT}.every((image) => image.naturalWidth > 0)"));
        looked_at(page, "grid", screen);
        desk.look_closely(1);
        page.wait_for("document.querySelector('#now img').naturalWidth > 0");
        looked_at(page, "viewer", screen);
        page.press("s");
        page.sees("#send-back textarea:focus");
        looked_at(page, "send-back", screen);
        page.press("<Escape><Escape>");
        page.misses("#viewer");
        // Small dialogs are the same everywhere.
        if screen.touched {
            continue;
        }
        page.press("?");
        page.sees("#help");
        looked_at(page, "keys", screen);
        page.press("<Escape>");
        page.click("[data-bulk=approved]");
        page.sees("#sure");
        looked_at(page, "sure", screen);
        page.click("#sure [value=no]");
    }
    page.is_content();
}
