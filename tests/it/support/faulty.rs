//! Manifests with every kind of mistake at known places, among good rows. Never reads any.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Stands in a row where the mistake is; a row without it is at fault as a whole.
const HERE: char = '¦';
/// Stands in a row for its number, which makes it unlike others.
const NUMBER: char = '§';
/// Stands for a byte that no UTF-8 has.
const NO_UTF_8: char = '\u{fffd}';

/// A mistake as it must be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// Its line, from 1.
    pub line: u64,
    /// The character in that line, from 1; none for a whole row.
    pub column: Option<u64>,
    /// What its message holds.
    pub word: &'static str,
}

/// A manifest and what is wrong with it.
pub struct Faulty {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many kinds of mistakes it has.
    pub kinds: usize,
    /// All of them, in the order of the file.
    pub expected: Vec<Expected>,
    line: u64,
}

/// One kind of mistake.
struct Kind {
    /// A good row that must stand before.
    before: Option<String>,
    row: String,
    word: &'static str,
    /// Whether it takes so much room that one is enough.
    is_large: bool,
}

const COLUMNS: [&str; 17] = [
    "id",
    "prompt",
    "images",
    "aspect_ratio",
    "image_size",
    "thinking",
    "modalities",
    "temperature",
    "seed",
    "model",
    "variants",
    "name",
    "system_instruction",
    "safety",
    "labels",
    "extra",
    "note",
];

/// Mistakes of one cell: its column, the cell as it stands in the file, and what is told of it.
const CELLS: &[(&str, &str, &str)] = &[
    ("prompt", "", "`prompt` is empty"),
    ("prompt", "\"  \"", "`prompt` is empty"),
    ("prompt", "\"a 12\"¦ frame\"", "text after the closing quote"),
    ("prompt", "caf\u{fffd}", "not UTF-8"),
    ("note", "\u{fffd}", "not UTF-8"),
    ("prompt", "a \0 mug", "NUL character"),
    ("aspect_ratio", "5:3", "not an aspect ratio"),
    ("aspect_ratio", "\"wide, red\"", "not an aspect ratio"),
    ("image_size", "2K", "not an image size"),
    ("thinking", "max", "not a thinking level"),
    ("modalities", "text", "not a list of modalities"),
    ("temperature", "2.1", "not a temperature"),
    ("temperature", "NaN", "not a temperature"),
    ("temperature", "\"0,5\"", "not a temperature"),
    ("seed", "1.5", "not a seed"),
    ("seed", "3000000000", "not a seed"),
    ("model", "models/x", "not the name of a model"),
    ("variants", "0", "not a number of variants"),
    ("variants", "1001", "not a number of variants"),
    ("variants", "two", "not a number of variants"),
    ("name", "/mug", "absolute path"),
    ("name", "c:\\mug", "absolute path"),
    ("name", "../mug", "part `.` or `..`"),
    ("name", "a//mug", "empty part"),
    ("name", "mug.png/red", "called like a file"),
    ("name", ".versions/mug", "begins with a dot"),
    ("id", "\"two\twords\"", "without control characters"),
    ("id", "gpj.\u{202e}mug", "turn the direction of writing"),
    ("safety", "none", "write a JSON object"),
    ("safety", "\"{\"\"HARM_CATEGORY_HARASMENT\"\": \"\"OFF\"\"}\"", "did you mean `HARM_CATEGORY_HARASSMENT`?"),
    ("safety", "\"{\"\"HARM_CATEGORY_HARASSMENT\"\": \"\"never\"\"}\"", "not a threshold"),
    ("labels", "\"{\"\"shop\"\": 7}\"", "must be text"),
    ("labels", "\"{\"\"shop\"\": }\"", "write a JSON object"),
    ("extra", "\"{\"\"contents\"\": []}\"", "cannot be given here"),
    ("extra", "[]", "write a JSON object"),
    ("images", "none.png", "is not there"),
    ("images", "~/mug.png", "means your home to a shell only"),
    ("images", "page.png", "no JPEG, PNG or WebP"),
    ("images", "empty.png", "no JPEG, PNG or WebP"),
    ("images", "large.png", "7.1 MB"),
    ("images", "big.png;big.png;big.png", "a request of 24.1 MB"),
    ("images", "many", "is not a file"),
    ("images", "nowhere.png", "which is not there"),
    ("images", "away.png", "which is outside"),
    ("images", "ok.png;1;2;3;4;5;6;7;8;9;10;11;12;13;14", "15 reference images are too many"),
    ("images", "many/*.png", "16 reference images match"),
    ("images", "photos-*.png", "matches nothing"),
    ("images", "nowhere/*.png", "cannot be read"),
    ("images", "photo[.png", "it is no pattern"),
    ("images", "**/ok.png", "write one `*` for each folder"),
    ("images", "\"[1]\"", "write one path, or a list"),
    ("images", "https://me:secret@shop.example/a.png", "holds a name or a password"),
    ("images", "https://shop.example/a b.png", "write %20"),
    ("images", "https://", "is no address"),
    ("images", "ftp://shop.example/a.png", "not fetched"),
    ("images", "\"data:image/png;base64,AAAA\"", "is an address that is not fetched"),
];

/// Rows of two: what stands in the earlier one, and in the later, which is at fault.
const CLASHES: &[(&str, &str, &str, &str)] = &[
    ("id", "twice-§", "twice-§", "stands on line"),
    ("id", "Case-§", "¦case-§", "would be called"),
    ("id", "a/b-§", "a_b-§", "would be called"),
    ("name", "shop/mug-§", "shop/mug-§", "would be called"),
    ("name", "shop/cup-§", "Shop/CUP-§", "would be called"),
];

/// Lines of JSON.
const LINES: &[(&str, &str)] = &[
    ("¦[1, 2]", "not an object"),
    ("¦\"a mug\"", "not an object"),
    ("{\"prompt\": \"a mug¦\"", "no closing `}`"),
    ("{¦prompt: \"a mug\"}", "without quotes"),
    ("{\"prompt\": ¦'a mug'}", "a value is missing here, or stands without quotes"),
    ("{\"prompt\": \"a mug\",¦}", "a comma stands before a closing bracket"),
    ("{\"prompt\" ¦\"a mug\"}", "a `:` is missing"),
    ("{\"prompt\": \"a mug\" ¦\"n\": 1}", "a comma is missing"),
    ("{\"prompt\": \"a¦\tmug\"}", "control character"),
    ("{\"prompt\": \"a \\¦mug\"}", "a backslash stands alone"),
    ("{\"prompt\": \"a mug\"} ¦{}", "something stands behind the object"),
    ("{\"prompt\": \"a mug\", \"n\": ¦NaN}", "a value is missing here, or stands without quotes"),
    ("{\"prompt\": \"a mug\", \"n\": 0¦1}", "not how JSON writes a number"),
    ("{\"prompt\": \"a mug\", \"n\": ¦1e999}", "too large"),
    ("{\"prompt\": \"caf¦\u{fffd}\"}", "not UTF-8"),
    ("{\"prompt\": \"a mug\", \"prompt\": ¦\"a cup\"}", "stands here twice"),
    ("¦{\"id\": \"§\"}", "`prompt` is empty"),
    ("{\"prompt\": ¦\"\"}", "`prompt` is empty"),
    ("{\"prompt\": ¦7}", "must be text"),
    ("{\"prompt\": \"p§\", \"images\": ¦{\"a\": 1}}", "write one path, or a list"),
    ("{\"prompt\": \"p§\", \"images\": ¦[\"ok.png\", 1]}", "write one path, or a list"),
    ("{\"prompt\": \"p§\", \"images\": ¦[\"ok.png\", \"none.png\"]}", "is not there"),
    ("{\"prompt\": \"p§\", \"seed\": ¦[1]}", "write one text or number"),
    ("{\"prompt\": \"p§\", \"seed\": ¦1.5}", "not a seed"),
    ("{\"prompt\": \"p§\", \"temperature\": ¦true}", "write one text or number"),
    ("{\"prompt\": \"p§\", \"name\": ¦1}", "must be text"),
    ("{\"prompt\": \"p§\", \"labels\": ¦\"x\"}", "write a JSON object"),
    ("{\"prompt\": \"p§\", \"id\": ¦{\"a\": 1}}", "write one text or number"),
    ("{\"key\": \"§\", \"request\": ¦\"a mug\"}", "must be an object"),
    ("{\"key\": \"§\", \"request\": ¦{}}", "there is no prompt"),
    ("{\"key\": \"§\", \"request\": {\"contents\": ¦{\"parts\": []}}}", "must be a list"),
    (
        "{\"key\": \"§\", \"request\": {\"contents\": [{\"parts\": [{\"text\": \"a\"}]}, ¦{\"parts\": []}]}}",
        "several turns",
    ),
    ("{\"key\": \"§\", \"request\": {\"contents\": [{\"parts\": [{\"text\": ¦7}]}]}}", "must be text"),
    (
        "{\"key\": \"§\", \"request\": {\"contents\": [{\"role\": ¦\"model\", \"parts\": [{\"text\": \"a\"}]}]}}",
        "the role",
    ),
    (
        "{\"key\": \"§\", \"request\": {\"contents\": [{\"parts\": [{\"text\": \"a\"}, {\"inlineData\": ¦{}}]}]}}",
        "an image inside the line",
    ),
    (
        "{\"key\": \"§\", \"request\": {\"contents\": [{\"parts\": [{\"text\": \"a\"}, {\"file_data\": ¦{}}]}]}}",
        "a file kept by Google",
    ),
    ("{\"key\": \"§\", \"request\": {@, \"tools\": ¦[]}}", "cannot be sent"),
    ("{\"key\": \"§\", \"request\": {@, \"generationConfig\": {\"topP\": ¦1}}}", "cannot be sent"),
    ("{\"key\": \"§\", \"request\": {@, \"generationConfig\": {\"imageConfig\": {\"size\": ¦1}}}}", "cannot be sent"),
    (
        "{\"key\": \"§\", \"request\": {@, \"generationConfig\": {\"imageConfig\": {\"aspectRatio\": ¦\"5:3\"}}}}",
        "not an aspect ratio",
    ),
    (
        "{\"key\": \"§\", \"request\": {@, \"generationConfig\": {\"thinkingConfig\": {\"thinkingLevel\": ¦\"MAX\"}}}}",
        "not a thinking level",
    ),
    (
        "{\"key\": \"§\", \"request\": {@, \"generationConfig\": {\"responseModalities\": ¦\"IMAGE\"}}}",
        "must be a list",
    ),
    ("{\"key\": \"§\", \"request\": {@, \"generation_config\": {\"seed\": 1}, \"generationConfig\": ¦{}}}", "twice"),
    ("{\"key\": \"§\", \"request\": {@, \"safetySettings\": [¦{\"category\": \"x\"}]}}", "\"threshold\": \"…\"}"),
    ("{\"key\": \"§\", \"id\": ¦\"x§\", \"request\": {@}}", "is said here and by `key`"),
];

impl Faulty {
    /// A CSV file of about so many rows, in which each kind stands so often.
    pub fn csv(rows: usize, times: usize) -> Self {
        let mut faulty = Self::starting(&(COLUMNS.join(",") + "\n"));
        let good = |number: usize| match number % 7 {
            0 => row(&[("id", ""), ("prompt", &format!("\"a mug,\nnumber {number}\"")), ("images", "ok.png")]),
            1 => {
                row(&[("id", ""), ("prompt", &format!("a m\u{fc}g {number}")), ("aspect_ratio", "4:5"), ("seed", "7")])
            }
            _ => row(&[("prompt", &format!("a mug {number}")), ("id", &format!("good-{number}"))]),
        };
        faulty.fill(rows, times, &csv_kinds(), good);
        // What it swallows is no row of its own.
        faulty.kinds += 1;
        faulty.push("last,¦\"a mug, and no end\nlast,\"\"a cup", Some("never closed"));
        faulty
    }

    /// JSON Lines.
    pub fn json_lines(rows: usize, times: usize) -> Self {
        let mut faulty = Self::starting("");
        let good = |number: usize| match number % 5 {
            0 => format!("{{\"key\": \"good-{number}\", \"request\": {{{}}}}}", contents(number)),
            1 => String::new(),
            _ => format!("{{\"prompt\": \"a m\u{fc}g {number}\", \"id\": \"good-{number}\", \"note\": [1, {{}}]}}"),
        };
        faulty.fill(rows, times, &json_kinds(), good);
        faulty
    }

    fn starting(header: &str) -> Self {
        let line = header.lines().count() as u64 + 1;
        Self { bytes: header.as_bytes().to_vec(), kinds: 0, expected: Vec::new(), line }
    }

    fn fill(&mut self, rows: usize, times: usize, kinds: &[Kind], good: impl Fn(usize) -> String) {
        let planted: Vec<&Kind> =
            (0..times).flat_map(|time| kinds.iter().filter(move |kind| time == 0 || !kind.is_large)).collect();
        let between = (rows / planted.len()).max(1);
        self.kinds = kinds.len();
        for (number, kind) in planted.into_iter().enumerate() {
            for good_number in 0..between - 1 {
                self.push(&good(number * between + good_number), None);
            }
            let numbered = |text: &str| text.replace(NUMBER, &number.to_string());
            kind.before.iter().for_each(|before| self.push(&numbered(before), None));
            self.push(&numbered(&kind.row), Some(kind.word));
        }
    }

    /// Adds a row, which is good if nothing is told of it.
    fn push(&mut self, row: &str, word: Option<&'static str>) {
        let before = row.split_once(HERE).map(|(before, _)| before);
        if let Some(word) = word {
            let lines = before.map_or(0, |before| before.matches('\n').count()) as u64;
            let last = |before: &str| before.rsplit('\n').next().unwrap_or_default().chars().count() as u64;
            self.expected.push(Expected {
                line: self.line + lines,
                column: before.map(|before| last(before) + 1),
                word,
            });
        }
        for piece in row.replace(HERE, "").split_inclusive(NO_UTF_8) {
            match piece.strip_suffix(NO_UTF_8) {
                Some(text) => self.bytes.extend([text.as_bytes(), &[0xE9]].concat()),
                None => self.bytes.extend(piece.as_bytes()),
            }
        }
        self.bytes.push(b'\n');
        self.line += row.matches('\n').count() as u64 + 1;
    }
}

fn csv_kinds() -> Vec<Kind> {
    let kind = |row: String, word| Kind { before: None, row, word, is_large: false };
    let large = |row: String, word| Kind { is_large: true, ..kind(row, word) };
    let marked = |cell: &str| if cell.contains(HERE) { cell.to_owned() } else { format!("{HERE}{cell}") };
    let mut kinds: Vec<Kind> =
        CELLS.iter().map(|(column, cell, word)| kind(row(&[(column, &marked(cell))]), word)).collect();
    for (column, first, second, word) in CLASHES {
        let before = Some(row(&[(column, first), ("prompt", "an earlier one §")]));
        // The name is what is at fault, not the id.
        let own = ("id", "");
        let row =
            if *column == "id" { row(&[(column, &marked(second))]) } else { row(&[own, (column, &marked(second))]) };
        kinds.push(Kind { before, ..kind(row, word) });
    }
    let long = |bytes: usize| "x".repeat(bytes);
    kinds.push(kind("few-§,a mug".to_owned(), "this row has 2 cells"));
    kinds.push(kind(row(&[]) + ",red,blue", "this row has 19 cells"));
    kinds.push(kind(row(&[("prompt", "\"a mug,\nred\""), ("aspect_ratio", "¦5:3")]), "not an aspect ratio"));
    kinds.push(kind(row(&[("name", &format!("¦{}", vec!["folder"; 120].join("/")))]), "is too long"));
    kinds.push(large(row(&[("prompt", &format!("¦{}", long(500_001)))]), "500000 is the most"));
    kinds.push(large(row(&[("prompt", &long(400_000)), ("variants", "¦1000")]), "take more than 32 MiB"));
    kinds.push(large(row(&[("note", &long((16 << 20) + 1))]), "longer than 16 MiB"));
    kinds
}

fn json_kinds() -> Vec<Kind> {
    let kind = |row: String, word| Kind { before: None, row, word, is_large: false };
    let request = |row: &str| row.replace('@', "\"contents\": [{\"parts\": [{\"text\": \"a mug §\"}]}]");
    let mut kinds: Vec<Kind> = LINES.iter().map(|(row, word)| kind(request(row), word)).collect();
    let before = Some("{\"id\": \"twice-§\", \"prompt\": \"p\"}".to_owned());
    let row = "{\"prompt\": \"p\", \"id\": ¦\"twice-§\"}".to_owned();
    kinds.push(Kind { before, ..kind(row, "stands on line") });
    let deep = format!("{{\"n\": ¦{}{}}}", "[".repeat(200), "]".repeat(200));
    kinds.push(kind(deep, "nested too deeply"));
    let many = format!("{{\"n\": [{}0]}}", "0,".repeat(100_000));
    kinds.push(Kind { is_large: true, ..kind(many, "more than 100000 values") });
    let long = format!("{{\"n\": \"{}\"}}", "x".repeat(16 << 20));
    kinds.push(Kind { is_large: true, ..kind(long, "longer than 16 MiB") });
    kinds
}

fn contents(number: usize) -> String {
    format!("\"contents\": [{{\"parts\": [{{\"text\": \"a mug {number}\"}}]}}]")
}

/// A row of CSV with these cells; it has an id and a prompt unless they say otherwise.
fn row(cells: &[(&str, &str)]) -> String {
    let cell = |column: &&str| {
        let usual = match *column {
            "id" => "row-§",
            "prompt" => "a mug §",
            _ => "",
        };
        cells.iter().find(|(name, _)| name == column).map_or(usual, |(_, cell)| cell).to_owned()
    };
    COLUMNS.iter().map(cell).collect::<Vec<_>>().join(",")
}

/// Puts the pictures that the manifests name into the folder `list`, where they belong, and one beside it.
pub fn lay_out(folder: &Path) -> std::io::Result<()> {
    let list = folder.join("list");
    fs::create_dir_all(list.join("many"))?;
    let picture = |path: &Path, bytes: u64| {
        let mut file = File::create(path)?;
        file.write_all(b"\x89PNG\r\n\x1A\n....")?;
        file.set_len(bytes)
    };
    picture(&folder.join("outside.png"), 100)?;
    for (name, bytes) in [("ok.png", 100), ("large.png", 7_000_001), ("big.png", 6_000_000)] {
        picture(&list.join(name), bytes)?;
    }
    for number in 0..16 {
        picture(&list.join(format!("many/{number}.png")), 100)?;
    }
    fs::write(list.join("page.png"), "<html>")?;
    fs::write(list.join("empty.png"), "")?;
    symlink("gone.png", list.join("nowhere.png"))?;
    symlink("../outside.png", list.join("away.png"))
}
