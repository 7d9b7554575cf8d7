//! The contact sheet, `index.html`, as it opens from the disk.

use crate::support::workspace::Workspace;

use super::axe::demand_accessible;
use super::driver::{Browser, Screen};
use super::shots;

/// A rehearsal of the demonstration that was refused some pictures and stopped before it had the others.
fn sheet() -> (Workspace, String) {
    let here = Workspace::new();
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/demo.toml");
    let run = here.overnight("run --rehearse --fail refused=20% --limit 8").arg(demo);
    let (database, output) = (here.path("sheet.db"), here.path("sheet"));
    let run = run.arg("--db").arg(database.to_str().unwrap()).arg("--output").arg(output.to_str().unwrap());
    run.end().exits(5);
    let address = format!("file://{}", here.path("sheet-rehearsal/index.html").display());
    (here, address)
}

#[test]
fn axe_finds_nothing_grave_on_the_contact_sheet() {
    let (_here, address) = sheet();
    let browser = Browser::start();
    for screen in [Screen::DESKTOP, Screen::DESKTOP.dark(), Screen::TABLET, Screen::TABLET.dark()] {
        let what = format!("sheet-{}-{}", screen.name, if screen.dark { "dark" } else { "light" });
        browser.look_through(screen);
        browser.open(&address);
        browser.wait_for("document.querySelectorAll('.card img').length > 3");
        demand_accessible(&browser, &what);
        assert!(browser.count(".frame.failed") > 0);
        shots::keep(&browser, &what);
        browser.click(".card .open:has(img)");
        browser.wait_for("document.querySelector('dialog').open");
        demand_accessible(&browser, &format!("{what}-viewer"));
        shots::keep(&browser, &format!("{what}-viewer"));
    }
    browser.is_content();
}
