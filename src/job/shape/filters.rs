//! The filters that templates know beside the engine's own. Never fail on a value that is empty.

use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, Value};

/// What a cut text ends with.
const ELLIPSIS: &str = "…";

/// The length of a cut text, in characters, where nobody says another.
const LENGTH: usize = 255;

/// The elements of HTML whose text is nobody's description.
const UNREAD: [&str; 3] = ["style", "script", "head"];

/// The elements of HTML that stand on a line of their own: what is around them are different words.
const BLOCKS: [&str; 27] = [
    "address",
    "article",
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "section",
    "table",
    "td",
    "tr",
    "ul",
];

/// Adds them to an engine.
pub fn add(engine: &mut Environment<'static>) {
    engine.add_filter("striptags", striptags);
    engine.add_filter("truncate", truncate);
    engine.add_filter("slug", |text: &str| slug::slugify(text));
    engine.add_filter("default", default);
    engine.add_filter("d", default);
}

/// The text of a piece of HTML, in one line.
pub fn striptags(html: &str) -> String {
    minijinja_contrib::filters::striptags(apart(&without_unread(html)))
}

/// HTML without the elements that hold no text for people: each from its opening to its closing tag, or to the end.
fn without_unread(html: &str) -> String {
    let mut read = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let name = tag_name(&rest[start + 1..]);
        let unread = UNREAD.iter().find(|unread| unread.eq_ignore_ascii_case(name));
        let (kept, behind) = rest.split_at(start + unread.map_or(1, |_| 0));
        read.push_str(kept);
        rest = behind;
        if let Some(element) = unread {
            read.push(' ');
            rest = behind_element(rest, element);
        }
    }
    read + rest
}

/// What stands behind the closing tag of this element, which is looked for but once.
fn behind_element<'a>(html: &'a str, element: &str) -> &'a str {
    let closes = |at: &usize| tag_name(&html[at + 2..]).eq_ignore_ascii_case(element);
    let closing = html.match_indices("</").map(|(at, _)| at).find(closes);
    let end = closing.and_then(|at| Some(at + html[at..].find('>')? + 1));
    &html[end.unwrap_or(html.len())..]
}

/// The name that a tag begins with.
fn tag_name(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())]
}

/// HTML with a blank before every element that stands on a line of its own.
fn apart(html: &str) -> String {
    let mut apart = String::with_capacity(html.len());
    for (number, piece) in html.split('<').enumerate() {
        if number > 0 {
            let name = tag_name(piece.trim_start_matches('/'));
            let is_block = BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name));
            apart.push_str(if is_block { " <" } else { "<" });
        }
        apart.push_str(piece);
    }
    apart
}

/// At most `length` characters, cut between words where there are some: `truncate(300)`, `truncate(30, end="")`.
fn truncate(text: &str, length: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let length = length.or(options.get("length")?).unwrap_or(LENGTH);
    let whole_words = !options.get::<Option<bool>>("killwords")?.unwrap_or(false);
    let end: Option<&str> = options.get("end")?;
    let end = end.unwrap_or(ELLIPSIS);
    options.assert_all_used()?;
    if text.chars().count() <= length {
        return Ok(text.to_owned());
    }
    let kept: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    let between_words = text[kept.len()..].starts_with(char::is_whitespace);
    let cut = match kept.rfind(char::is_whitespace) {
        Some(blank) if whole_words && !between_words => &kept[..blank],
        _ => &kept,
    };
    Ok(format!("{}{end}", cut.trim_end_matches(|c: char| c.is_whitespace() || c == ',')))
}

/// The value, or another one where it is empty: a cell that holds nothing is there all the same.
fn default(value: &Value, other: Rest<Value>) -> Result<Value, Error> {
    if other.len() > 2 {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let is_empty = value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty());
    let other = || other.first().cloned().unwrap_or_else(|| Value::from(""));
    Ok(if is_empty { other() } else { value.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> String {
        let mut engine = Environment::new();
        add(&mut engine);
        engine.render_str(template, Value::UNDEFINED).unwrap()
    }

    #[test]
    fn html_becomes_the_text_that_people_read() {
        for (html, text) in [
            ("<p>Soft&nbsp;wool.</p><p>Wash&amp;wear</p>", "Soft wool. Wash&wear"),
            ("a<br>b<BR/>c", "a b c"),
            ("bo<b>ld</b>", "bold"),
            ("<ul><li>one</li><li>two</li></ul>", "one two"),
            ("<style>p { color: red }</style>Red<script>x < 1</script> mug", "Red mug"),
            ("<style>never closed", ""),
            ("<STYLE>x</style >a<head><script>x</head>b</script>c", "a bc"),
            ("1 < 2 <b>and</b><header>x</header>", "1 and x"),
            ("Größe: 5 &lt; 6", "Größe: 5 < 6"),
            ("  plain \n text ", "plain text"),
        ] {
            assert_eq!(striptags(html).trim_start(), text, "{html}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        for (template, text) in [
            ("{{ 'one two three' | truncate(9) }}", "one two…"),
            ("{{ 'one two, three' | truncate(10) }}", "one two…"),
            ("{{ 'one two three' | truncate(10, killwords=true) }}", "one two t…"),
            ("{{ 'one two' | truncate(7) }}", "one two"),
            ("{{ 'onetwothree' | truncate(length=5, end='') }}", "onetw"),
            ("{{ 'äöüäöü' | truncate(4) }}", "äöü…"),
        ] {
            assert_eq!(rendered(template), text, "{template}");
        }
    }

    #[test]
    fn an_empty_cell_takes_the_default() {
        assert_eq!(rendered("{{ '  ' | default('red') }}{{ '0' | default('red') }}{{ 0 | d(1) }}"), "red00");
        assert_eq!(rendered("{{ 'Ärmel & Größe' | slug }}"), "armel-grosse");
    }
}
