//! A small job and what will go wrong with it, drawn from a seed. Never lets an item end in anything but its picture or
//! a refusal, however often it is asked for.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use fastrand::Rng;
use overnight::simulator::{Drawing, Format, Settings, draw};

use crate::support::workspace::{Invocation, Workspace};

/// Faults that pass: nobody's, and the next ask may go well.
const PASSING: [&str; 9] = ["503", "500", "cut", "reset", "array", "nested", "error-200", "html", "html-200"];
/// Paid answers without a picture. Three of them end an item, so none gets more than one.
const EMPTY: [&str; 7] =
    ["no-image", "text-only", "interim-only", "truncated-image", "not-an-image", "bad-base64", "url-gone"];
/// Good pictures in odd answers.
const ODD: [&str; 14] = [
    "several",
    "several",
    "drafts",
    "drafts",
    "drip",
    "gzip",
    "snake",
    "url-bare",
    "url-data",
    "url-file",
    "url-markdown",
    "url-markdown-flaky",
    "wrong-type",
    "unknown-finish",
];
/// Of the request: each ask goes the same way.
const REFUSALS: [&str; 3] = ["refused", "blocked", "gateway-refused"];
/// More than any item can need, for kills cost none.
const ATTEMPTS: u32 = 9;
const MOST_ITEMS: u32 = 60;
const REFERENCE: &str = "reference.png";

/// A job and its server.
#[derive(Debug)]
pub struct Plan {
    pub items: Vec<PlannedItem>,
    pub server: Settings,
    in_flight: u32,
}

/// An item, and whether it will be refused.
#[derive(Debug)]
pub struct PlannedItem {
    pub id: String,
    pub prompt: String,
    pub is_refused: bool,
    name: String,
    reference: &'static str,
    modalities: &'static str,
}

impl Plan {
    /// A job for a seed of so many kills: few need few items to meet.
    pub fn draw(random: &mut Rng, kills: u64) -> Self {
        let most = u32::try_from(kills * 4).unwrap_or(MOST_ITEMS).clamp(12, MOST_ITEMS);
        let items = random.u32(most / 2..=most);
        let mut items: Vec<_> = (1..=items).map(|number| PlannedItem::draw(number, random)).collect();
        // A throttling stops a whole run for a second: one is enough.
        if random.bool() {
            let throttled = random.usize(..items.len());
            items[throttled].say("429 ok", false);
        }
        let server = Settings {
            seed: random.u64(..),
            latency: Duration::from_millis(random.u64(0..40)),
            jitter: Duration::from_millis(random.u64(0..80)),
            drip: Duration::from_millis(150),
            ..Settings::default()
        };
        Self { items, server, in_flight: random.u32(3..=12) }
    }

    /// Writes the manifest, and the reference that some of its rows name.
    pub fn write(&self, here: &Workspace) {
        let mut list = "id,prompt,name,images,modalities\n".to_owned();
        for PlannedItem { id, prompt, name, reference, modalities, .. } in &self.items {
            writeln!(list, "{id},{prompt},{name},{reference},\"{modalities}\"").unwrap();
        }
        here.write("list.csv", &list);
        let drawing = Drawing { prompt: "a reference", note: "", width: 64, height: 48, variation: 0 };
        fs::write(here.path(REFERENCE), draw(&drawing, Format::Png)).unwrap();
    }

    /// The command, the same each time.
    pub fn command(&self, here: &Workspace, base_url: &str) -> Invocation {
        let words = format!("run list.csv -c {} --max-attempts {ATTEMPTS} --events -", self.in_flight);
        here.overnight(&words).at(base_url)
    }

    /// How the job has to end.
    pub fn exit_code(&self) -> i32 {
        if self.items.iter().any(|item| item.is_refused) { 3 } else { 0 }
    }
}

impl PlannedItem {
    fn draw(number: u32, random: &mut Rng) -> Self {
        let mut item = Self {
            id: format!("item-{number}"),
            prompt: format!("a cup with the number {number}"),
            is_refused: false,
            name: if random.u32(..4) == 0 { format!("set/cup-{number}") } else { format!("cup-{number}") },
            reference: if random.u32(..6) == 0 { REFERENCE } else { "" },
            modalities: if random.u32(..4) == 0 { "image" } else { "text,image" },
        };
        let last = *random.choice(&ODD).unwrap();
        match random.u32(..40) {
            0..2 => item.say(random.choice(REFUSALS).unwrap(), true),
            2..8 => item.say(&format!("{} ok", random.choice(PASSING).unwrap()), false),
            8 => item.say(&format!("{0} {0} {last}", random.choice(PASSING).unwrap()), false),
            9..11 => item.say(&format!("{} {last}", random.choice(EMPTY).unwrap()), false),
            11..22 => item.say(last, false),
            _ => {}
        }
        item
    }

    /// Says in the prompt what befalls each ask of it.
    fn say(&mut self, script: &str, is_refused: bool) {
        let (plain, _) = self.prompt.split_once(" [[").unwrap_or((&self.prompt, ""));
        self.prompt = format!("{plain} [[simulate:{script}]]");
        self.is_refused = is_refused;
    }
}
