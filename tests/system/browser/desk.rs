//! A review that is on, and a browser that has opened its page. Never says anything of a picture by itself.

use overnight::simulator::Settings;
use serde_json::Value;

use super::driver::Browser;
use crate::support::process::Running;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// Begins a review; the program, and the address that it printed.
pub fn begin(here: &Workspace, job: &str) -> (Running, String) {
    let mut review = here.overnight("review").arg(job).arg("--as").arg("Ada").start();
    let address = review.line().expect("the address of the page");
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    (review, address)
}

/// A review in a browser.
pub struct Desk {
    pub page: Browser,
    /// The address of the page, without a token.
    pub origin: String,
    pub review: Running,
}

impl Desk {
    /// Begins a review of a job and opens its page.
    pub fn of(here: &Workspace, job: &str) -> Self {
        let (review, address) = begin(here, job);
        let page = Browser::start();
        page.open(&address);
        page.sees("#grid.placed");
        let origin = address.split_once("/?").unwrap().0.to_owned();
        Self { page, origin, review }
    }

    /// Waits until so many cards are there.
    pub fn shows(&self, cards: usize) {
        self.page.wait_for(&format!("document.querySelectorAll('.card').length === {cards}"));
    }

    /// The names on the cards, in their order.
    pub fn names(&self) -> Vec<String> {
        let names = self.page.eval("[...document.querySelectorAll('.card .name')].map((name) => name.textContent)");
        serde_json::from_value(names).unwrap()
    }

    /// Waits until a place's card has the focus.
    pub fn is_at(&self, place: usize) {
        self.page.wait_for(&format!("document.activeElement.closest('.card').dataset.place === '{place}'"));
    }

    /// Waits until a place's card is `approved` or `rejected`.
    pub fn is(&self, place: usize, decision: &str) {
        self.page.sees(&format!("{}.{decision}", card(place)));
    }

    /// Waits until nothing is decided about a place's card.
    pub fn is_open(&self, place: usize) {
        self.page.sees(&format!("{}:not(.approved, .rejected)", card(place)));
    }

    /// Opens a place's card as large as the window.
    pub fn look_closely(&self, place: usize) {
        self.page.click(&format!("{} .open", card(place)));
        self.page.sees("#viewer[open] #now img");
    }

    /// Waits until what was done last is told in these words.
    pub fn tells(&self, words: &str) {
        self.page.wait_for_text("#told", words);
    }
}

/// What finds a place's card.
pub fn card(place: usize) -> String {
    format!(".card[data-place=\"{place}\"]")
}

/// A simulator that hardly has any work with its pictures.
pub fn quick_simulator() -> Simulated {
    Simulated::with(Settings { small_pictures: true, ..Settings::default() })
}

/// A workspace with this list, whose pictures are made.
pub fn made(list: &str) -> Workspace {
    let here = Workspace::new();
    here.write("list.csv", list);
    here.overnight("run list.csv").at(&quick_simulator().url()).end().exits(0);
    here
}

/// What `export` hands over with these words, a row each.
pub fn exported(here: &Workspace, words: &str) -> Vec<Value> {
    let ended = here.overnight(&format!("export list --format jsonl {words}")).end().exits(0);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One field of each.
pub fn field(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}
