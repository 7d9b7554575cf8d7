//! Does every example of the pages for people, README.md and docs/*.md, and of the help: what is shown works. Never
//! passes over a block in silence: one that no rule covers is a failure.

mod blocks;
mod places;
mod shell;

use std::fs;
use std::path::Path;

use self::blocks::{Block, blocks, mentioned};
use self::shell::{Place, matches, parted};

/// Lines that are not done here, and why.
const NOT_DONE: &[(&str, &str)] = &[
    ("cargo test", "this is it"),
    ("cargo install ", "the program is there"),
    ("export OVERNIGHT_API_KEY=", "each line has a shell of its own, in which a key is set"),
    ("overnight schedule jobs", "it stays until a signal comes"),
    ("overnight schedule   ", "it stays until a signal comes"),
    ("overnight review nightly --open", "it stays until a signal comes"),
    ("overnight review jobs/nightly.toml --as Ada", "it stays until a signal comes"),
    ("overnight review spring --open", "it stays until a signal comes"),
    ("overnight status --watch", "it goes on until Ctrl-C"),
    ("overnight status nightly --watch", "it goes on until Ctrl-C"),
    ("systemctl ", "it would change this machine; tests/system/systemd.rs tries the units"),
    ("sudo ", "it would change this machine; tests/system/package.rs tries the package"),
    ("loginctl ", "it would change this machine"),
    ("journalctl ", "there is no such unit here"),
    ("scp ", "there is no other machine"),
    ("podman ", "it takes images from elsewhere"),
    (".ci/", "it builds for minutes; tests/system/package.rs tries what comes of it"),
    ("OVERNIGHT_CRASH_KILLS=", "hours of tests, and of this program"),
];

/// Lines that are documented to end otherwise than with 0; where a line says itself `code N`, it is held to that.
const ENDS: &[(&str, i32)] = &[("overnight run spring.csv --limit 1", 5)];

/// Drawings, which nothing can be tried of.
const DRAWN: &[(&str, &str)] =
    &[("docs/architecture.md", "jobs/nightly.toml ─► Job"), ("docs/architecture.md", "src/main.rs  ")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page by its name, to be tried in its place.
struct Page<'a> {
    name: &'a str,
    place: Place,
}

impl Page<'_> {
    fn try_all(&self) {
        let text = fs::read_to_string(root().join(self.name)).unwrap();
        for block in blocks(&text) {
            self.try_block(&block);
        }
        for command in mentioned(&text) {
            self.does(&format!("{} --help", command.trim_end_matches(" …")), 0, &command);
        }
    }

    fn try_block(&self, block: &Block) {
        let at = format!("{}:{}", self.name, block.line);
        let is_whole = block.text.lines().any(|line| line.starts_with("manifest "));
        let is_drawn = DRAWN.iter().any(|(page, first)| *page == self.name && block.first().starts_with(first));
        match (block.kind.as_str(), block.file()) {
            ("text", _) if is_drawn => {}
            ("toml", Some(file)) if is_whole => {
                self.place.folder.write(file, &block.text);
                self.does(&format!("overnight plan {file}"), 0, &at);
            }
            ("toml", None) if !is_whole => {
                self.place.folder.write(places::FRAGMENT, &format!("{}\n{}", places::FRAGMENT_OF, block.text));
                self.does(&format!("overnight plan {}", places::FRAGMENT), 0, &at);
            }
            ("csv" | "tsv" | "json" | "text", Some(file)) => self.place.folder.write(file, &block.text),
            ("yaml", Some(_)) => self.try_names(block, &at),
            ("console", _) => self.try_session(block, &at),
            ("" | "sh", _) => block.text.lines().for_each(|line| self.try_line(line, &at)),
            _ => panic!("{at}: no rule of tests/it/examples says what this block is:\n{}", block.text),
        }
    }

    /// Commands behind `$`, each with what it prints: stdout, then stderr.
    fn try_session(&self, block: &Block, at: &str) {
        let mut rest = block.text.lines().peekable();
        while let Some(line) = rest.next() {
            let line = line.strip_prefix("$ ").unwrap_or_else(|| panic!("{at}: a command begins with `$ `: {line}"));
            let mut shown = Vec::new();
            while let Some(line) = rest.next_if(|line| !line.starts_with("$ ")) {
                shown.push(line);
            }
            let printed = self.try_command(line, at);
            let printed: Vec<&str> = printed.lines().collect();
            let wanted = shown.join("\n");
            assert!(matches(&shown, &printed), "{at}: `{line}` is shown to print\n{wanted}\nand prints\n{printed:#?}");
        }
    }

    /// What others are told of our metrics: they are there by these names.
    fn try_names(&self, block: &Block, at: &str) {
        self.does("overnight run fragment.csv --rehearse --metrics-file told.prom", 0, at);
        let told = self.place.folder.read("told-rehearsal.prom");
        let words = block.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|word| word.starts_with("overnight_")) {
            assert!(told.contains(&format!("# TYPE {name} ")), "{at}: there is no metric {name}");
        }
    }

    /// A line of an indented block: a command, or a file that is there by now.
    fn try_line(&self, line: &str, at: &str) {
        let file = parted(line).0;
        if file.starts_with("output/") && !file.contains(' ') {
            let is_optional = line.contains("if any");
            assert!(is_optional || self.place.folder.path(file).exists(), "{at}: there is no {file}");
        } else {
            self.try_command(line, at);
        }
    }

    fn try_command(&self, line: &str, at: &str) -> String {
        let line = line.replace("cargo run --release -- ", "overnight ");
        if NOT_DONE.iter().any(|(begins, _)| line.starts_with(begins)) {
            return String::new();
        }
        let (command, about) = parted(&line);
        assert!(
            command.contains("overnight ") || command.starts_with("sed -i "),
            "{at}: no rule of tests/it/examples says what this line is: {line}"
        );
        if command.starts_with("overnight simulate") {
            // Its port may be somebody else's here.
            self.place.serves(&command.replace("--port 8080", "--port 0")).exits(0);
            return String::new();
        }
        let said = about.split_once("code ").and_then(|(_, number)| {
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        let listed = ENDS.iter().find(|(known, _)| *known == command).map(|(_, code)| *code);
        self.does(command, said.or(listed).unwrap_or(0), at)
    }

    fn does(&self, command: &str, code: i32, at: &str) -> String {
        let ended = self.place.does(command);
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(code), "{at}: {command}\n{printed}");
        printed
    }
}

#[test]
fn the_first_page_does_what_it_shows() {
    Page { name: "README.md", place: places::readme() }.try_all();
}

#[test]
fn the_page_about_catalogues_does_what_it_shows() {
    Page { name: "docs/catalogues.md", place: places::catalogues() }.try_all();
}

#[test]
fn the_page_of_tasks_does_what_it_shows() {
    Page { name: "docs/tasks.md", place: places::tasks() }.try_all();
}

#[test]
fn every_other_page_does_what_it_shows() {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let pages = pages.map(|name| format!("docs/{}", name.to_string_lossy())).filter(|name| name.ends_with(".md"));
    let others: Vec<String> =
        pages.filter(|name| !["docs/catalogues.md", "docs/tasks.md"].contains(&&**name)).collect();
    assert!(others.len() >= 4, "{others:?}");
    for name in &others {
        Page { name, place: places::list() }.try_all();
    }
}

#[test]
fn the_help_does_what_it_shows() {
    let help = Page { name: "--help", place: Place::new() }.does("overnight --help", 0, "");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(commands.len() > 10, "{help}");
    // What `init` makes would be in the way of what the others have.
    let [first, begun, others] = [(); 3].map(|()| Page { name: "--help", place: places::help() });
    // The first is the program itself.
    for command in [""].into_iter().chain(commands.into_iter().filter(|command| !["", "help"].contains(command))) {
        let page = match command {
            "" => &first,
            "init" => &begun,
            _ => &others,
        };
        let at = format!("overnight {command} --help");
        let help = page.does(&at, 0, &at);
        let Some((_, examples)) = help.split_once("\nExamples:\n") else { continue };
        let examples = examples.split("\n\n").next().unwrap().replace("\\\n", "");
        let lines = examples.lines().map(str::trim).filter(|line| line.contains("overnight "));
        lines.for_each(|line| _ = page.try_command(line, &at));
    }
}
