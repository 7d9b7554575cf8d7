//! Holds the reader against the plain way over answers that servers may send, and those they should not. Never
//! looks at what a reading came to, only that both came to the same. `PROPTEST_CASES` sets how many are tried.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::oracle;

/// JSON that is not written down yet.
#[derive(Debug, Clone)]
enum Json {
    Raw(&'static str),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

use Json::{Array, Object, Raw, Text};

/// What becomes of an answer on its way.
#[derive(Debug, Clone)]
enum Damage {
    None,
    Cut(Index),
    Replaced(Index, u8),
    Inserted(Index, Vec<u8>),
    Followed(Vec<u8>),
}

/// Bytes that begin, and mostly end, like an image.
fn picture() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![30 => 0..60_usize, 8 => 500..3_000_usize, 1 => 20_000..80_000_usize];
    (0..7, length, 0..20_usize, any::<u8>()).prop_map(|(format, length, cut, seed)| {
        let noise: Vec<u8> = (0..length).map(|n| (n * 31 % 251) as u8 ^ seed).collect();
        let riff = u32::try_from(length + 8).unwrap().to_le_bytes();
        let mut bytes = match format {
            0 | 3 => [b"\x89PNG\r\n\x1A\n", &noise[..], b"\0\0\0\0IEND\xAE\x42\x60\x82"].concat(),
            1 | 4 => [b"\xFF\xD8\xFF\xE0\0\x10JFIF", &noise[..], b"\xFF\xD9"].concat(),
            2 | 5 => [b"RIFF", &riff[..], b"WEBPVP8 ", &noise].concat(),
            _ => noise,
        };
        bytes.truncate(bytes.len() - cut.saturating_sub(16).min(bytes.len()));
        bytes
    })
}

/// Base64, at times in lines, without padding, or wrong.
fn data() -> impl Strategy<Value = String> {
    let odd = prop_oneof![3 => Just(""), 1 => select(vec!["=", "A", "-", "*", " ", "ä", "\u{1}", "😀"])];
    (picture(), 0..6, odd, any::<Index>()).prop_map(|(picture, style, odd, at)| {
        let mut text = STANDARD.encode(picture);
        match style {
            0 => text = text.trim_end_matches('=').to_owned(),
            1 => text = in_lines(&text, "\r\n"),
            2 => text = in_lines(&text, " "),
            _ => {}
        }
        text.insert_str(at.index(text.len() + 1), odd);
        text
    })
}

fn in_lines(text: &str, end: &str) -> String {
    text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + end).collect()
}

/// Words in which pictures stand, are named, or only seem to.
fn words() -> impl Strategy<Value = String> {
    const OPENINGS: &[&str] = &[
        "data:image/png;base64,",
        "DATA:image/svg+xml;charset=x;BASE64,",
        "![a](data:image/png;base64,",
        "![a]( \n<data:image/png;base64,",
        "[![a](data:image/jpeg;base64,",
        "https://a.b/?x=data:image/png;base64,",
        "[a](https://a.b 'data:image/png;base64,",
        "data:image/png,",
        "data:text/plain;base64,",
        "data:image/png;base64 ,",
        "dadata:image/png;base64,",
    ];
    const WORDS: &[&str] = &[
        " A sunset.\n",
        "完成：",
        "![a](https://a.b/c.png)",
        "https://a.b/c",
        ")",
        "](",
        " ",
        "\t'x')",
        "dat",
        "data:im",
        "😀",
        "\"\\",
        ".",
        "s3cr3t",
        "~0~",
    ];
    let embedded = (select(OPENINGS), data(), select(vec![")", ">)", " ", ".", "", " \"title\")", "](https://a.b)"]))
        .prop_map(|(opening, data, end)| format!("{opening}{data}{end}"));
    let piece = prop_oneof![2 => embedded, 3 => select(WORDS).prop_map(str::to_owned)];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// What stands where something else belongs.
fn junk() -> impl Strategy<Value = Json> {
    const JUNK: &[&str] = &[
        "null",
        "true",
        "7",
        "-1.5e3",
        "1e999",
        "[]",
        "{}",
        r#"[{"data":"x"},[[]],"y"]"#,
        r#"{"a":{"b":["\u00e4"]}}"#,
    ];
    prop_oneof![select(JUNK).prop_map(Raw), data().prop_map(Text)]
}

/// Now and then something else than what belongs here.
fn mostly(strategy: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
    prop_oneof![60 => strategy, 1 => junk()].boxed()
}

/// An object with some of these fields, mostly the first, each in one of its spellings, in any order; rarely the first
/// twice.
fn object(fields: Vec<(&'static [&'static str], BoxedStrategy<Json>)>) -> impl Strategy<Value = Json> {
    let twice = fields[0].clone();
    let field = |(names, value): (&'static [&'static str], BoxedStrategy<Json>)| (select(names), value);
    let weights = std::iter::once(0.97).chain(std::iter::repeat(0.6));
    let some: Vec<_> =
        fields.into_iter().zip(weights).map(|(fields, weight)| prop::option::weighted(weight, field(fields))).collect();
    (some, prop::option::weighted(0.01, field(twice)), any::<u64>()).prop_map(|(some, twice, seed)| {
        let mut fields: Vec<_> = some.into_iter().flatten().chain(twice).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut fields);
        Object(fields)
    })
}

fn array(items: BoxedStrategy<Json>, most: usize) -> impl Strategy<Value = Json> {
    prop::collection::vec(items, 0..=most).prop_map(Array)
}

fn part() -> BoxedStrategy<Json> {
    const THOUGHTS: &[&str] = &["true", "false", "null", r#""true""#, r#""no""#, "1", r#"{"a":["b"]}"#];
    let mime = || select(vec![Raw(r#""image/png""#), Raw("null")]).boxed();
    let blob = object(vec![(&["data"], mostly(data().prop_map(Text))), (&["mimeType", "mime_type"], mime())]);
    let file =
        object(vec![(&["fileUri", "file_uri"], mostly(words().prop_map(Text))), (&["mimeType", "mime_type"], mime())]);
    let thought = prop_oneof![2 => Just(Raw("false")), 1 => select(THOUGHTS).prop_map(Raw)];
    let sometimes = |strategy: BoxedStrategy<Json>| prop_oneof![2 => Just(Raw("null")), 1 => strategy].boxed();
    object(vec![
        (&["inlineData", "inline_data"], mostly(blob)),
        (&["text"], sometimes(mostly(words().prop_map(Text)))),
        (&["fileData", "file_data"], sometimes(mostly(file))),
        (&["thought"], thought.boxed()),
        (&["thoughtSignature", "dat", "Text"], sometimes(junk().boxed())),
    ])
    .boxed()
}

fn answer() -> impl Strategy<Value = Json> {
    let short = || prop_oneof![select(vec![Raw(r#""STOP""#), Raw("null"), Raw("3")]), words().prop_map(Text)].boxed();
    let content = object(vec![(&["parts"], mostly(array(mostly(part()), 3))), (&["role"], short())]);
    let candidate = object(vec![
        (&["content"], mostly(content)),
        (&["finishReason", "finish_reason"], short()),
        (&["finishMessage", "finish_message"], short()),
        (&["index", "safetyRatings"], junk().boxed()),
    ]);
    const USAGE: &str = r#"{"promptTokenCount":9,"totalTokenCount":"12"}"#;
    object(vec![
        (&["candidates"], mostly(array(mostly(candidate), 3))),
        (&["error"], prop_oneof![3 => Just(Raw("null")), 1 => short(), 1 => junk()].boxed()),
        (&["usageMetadata", "usage_metadata"], mostly(Just(Raw(USAGE)))),
        (&["promptFeedback", "prompt_feedback"], mostly(Just(Raw(r#"{"blockReason":"SAFETY"}"#)))),
        (&["modelVersion", "model_version"], short()),
        (&["unknown", "code"], junk().boxed()),
    ])
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = || prop::collection::vec(prop_oneof![any::<u8>(), select(b"\"\\{}[],:= \x00\xC3u".to_vec())], 1..4);
    prop_oneof![
        8 => Just(Damage::None),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Damage::Replaced(at, bytes[0])),
        1 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Damage::Inserted(at, bytes)),
        1 => bytes().prop_map(Damage::Followed),
    ]
}

/// Writes JSON with white space and escapes as they fall, both only in some answers.
struct Writer {
    rng: fastrand::Rng,
    spaced: bool,
    escaped: bool,
    out: String,
}

impl Writer {
    fn write(json: &Json, seed: u64) -> Vec<u8> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (spaced, escaped) = (rng.bool(), rng.bool());
        let mut writer = Self { rng, spaced, escaped, out: String::new() };
        writer.value(json);
        writer.out.into_bytes()
    }

    fn value(&mut self, json: &Json) {
        self.space();
        match json {
            Raw(text) => self.out.push_str(text),
            Text(text) => self.string(text),
            Array(items) => self.all('[', items, ']', |writer, item| writer.value(item)),
            Object(fields) => self.all('{', fields, '}', |writer, (name, value)| {
                writer.space();
                writer.string(name);
                writer.space();
                writer.out.push(':');
                writer.value(value);
            }),
        }
        self.space();
    }

    fn all<T>(&mut self, open: char, items: &[T], close: char, mut one: impl FnMut(&mut Self, &T)) {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            one(self, item);
        }
        self.space();
        self.out.push(close);
    }

    fn space(&mut self) {
        if self.spaced && self.rng.u8(..4) == 0 {
            self.out.push_str(["\n", "\r\n  ", " ", "\t"][self.rng.usize(..4)]);
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => self.out.extend(['\\', character]),
                '\n' if self.rng.bool() => self.out.push_str("\\n"),
                '/' if self.escaped => self.out.push_str("\\/"),
                _ if character < ' ' || self.escaped && self.rng.u8(..20) == 0 => {
                    let units = character.encode_utf16(&mut [0; 2]).to_vec();
                    units.iter().for_each(|unit| self.out.push_str(&format!("\\u{unit:04x}")));
                }
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }
}

impl Damage {
    fn befall(self, body: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Cut(at) => body.truncate(at.index(body.len())),
            Self::Replaced(at, byte) => {
                let at = at.index(body.len());
                body[at] = byte;
            }
            Self::Inserted(at, bytes) => {
                let at = at.index(body.len() + 1);
                body.splice(at..at, bytes);
            }
            Self::Followed(bytes) => body.extend(bytes),
        }
    }
}

/// The body in pieces of these sizes, over and over.
fn pieces<'a>(body: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (body, Vec::new());
    for size in sizes.iter().cycle() {
        let (piece, behind) = rest.split_at(rest.len().min(*size));
        pieces.push(piece);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

/// What chance seldom makes: strings that are wrong, or only nearly, in each place that is treated in its own way.
#[test]
fn strings_that_are_wrong_or_nearly_so_are_told_apart_wherever_they_stand() {
    const STRINGS: &[&[u8]] = &[
        b"*\xC3\xA9",
        b"*\xC3a\xA9",
        b"*\xC3\\n\xA9",
        b"\xFF",
        b"*\\ud83d\\ude00",
        b"*\\ud83da\\ude00",
        b"*\\ud83d\\/\\ude00",
        b"*\\ude00",
        b"AAAA\\x",
        b"AAAA\\u00zz",
        b"AAAA\\u\",\"a",
        b"AAAA\n",
        b"AAAA\\",
        b"AAAA\\u00",
        b"data:image/png;base64\\u002cAA\\u0041*",
    ];
    const PLACES: &[&str] = &[
        r#"{"candidates":[{"content":{"parts":[{"inlineData":{"data":"#,
        r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"#,
        r#"{"candidates":[{"content":{"parts":[{"fileData":{"fileUri":"#,
        r#"{"candidates":[{"content":{"parts":[{"thoughtSignature":"#,
        r#"{"candidates":[{"finishReason":"#,
        r#"{"error":"#,
    ];
    for (place, string) in PLACES.iter().flat_map(|place| STRINGS.iter().map(move |string| (place, string))) {
        let nesting: String = place.chars().filter(|c| ['{', '['].contains(c)).collect();
        let end: String = nesting.chars().rev().map(|c| if c == '{' { '}' } else { ']' }).collect();
        let body = [place.as_bytes(), b"\"", string, b"\"", end.as_bytes()].concat();
        for length in place.len()..=body.len() {
            oracle::compare(&body[..length], pieces(&body[..length], &[3]));
        }
    }
}

/// As many cases as the environment says, or as many as take some seconds unoptimised.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases: 500, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_answer_is_read_as_it_would_be_in_one_piece_by_serde(
        json in answer(),
        seed in any::<u64>(),
        damage in damage(),
        sizes in prop::collection::vec(prop_oneof![1..9_usize, 1..2_000_usize, Just(32_768)], 1..9),
    ) {
        let mut body = Writer::write(&json, seed);
        damage.befall(&mut body);
        oracle::compare(&body, pieces(&body, &sizes));
    }
}
