//! Pictures that a text holds or names: Markdown images, and bare addresses. Pure; never follows one.

use std::borrow::Cow;
use std::ops::Range;

/// No more pictures are looked for: a text may hold anything, and reading it must stay quick.
const MOST_PICTURES: usize = 32;
/// No address between Markdown's brackets is longer, in bytes, but for embedded pictures.
const LONGEST: usize = 8 * 1024;

/// What the texts of an answer come to.
#[derive(Debug, PartialEq)]
pub(super) struct Reading<'a> {
    /// The addresses of pictures in their order, `data:` addresses among them.
    pub pictures: Vec<&'a str>,
    /// What the texts say besides.
    pub caption: Option<String>,
}

/// Reads the texts. A bare address may be that of a picture only where `bare` allows it and no text says clearly
/// where its picture is; otherwise it belongs to the caption.
pub(super) fn read<'a>(texts: &'a [Cow<'_, str>], bare: bool) -> Reading<'a> {
    let places: Vec<Vec<Place<'a>>> = texts.iter().map(|text| places(text)).collect();
    let bare = bare && !places.iter().flatten().any(|place| place.picture);
    let pictures = places.iter().flatten().filter(|place| place.picture || bare).map(|place| place.target);
    let pictures: Vec<_> = pictures.take(MOST_PICTURES).collect();
    let captions = texts.iter().zip(&places).map(|(text, places)| {
        let taken = places.iter().filter(|place| place.picture || pictures.contains(&place.target));
        caption(text, taken.map(|place| place.range.clone()))
    });
    let captions: Vec<String> = captions.filter(|caption| !caption.is_empty()).collect();
    Reading { caption: (!captions.is_empty()).then(|| captions.join("\n")), pictures }
}

/// The base64 of a `data:image/…;base64,` address.
pub(super) fn embedded(target: &str) -> Option<&str> {
    let (declared, base64) = target.split_once(',')?;
    (begins(declared, DATA) && declared.trim_end().to_ascii_lowercase().ends_with(";base64")).then_some(base64)
}

/// How the address of an embedded picture begins.
const DATA: &str = "data:image/";
/// How an address begins that is found without Markdown around it.
const BARE: &[&str] = &["http://", "https://", DATA];

/// An address in a text.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    /// All of it, Markdown included.
    range: Range<usize>,
    target: &'a str,
    /// It says that it is a picture.
    picture: bool,
}

fn places(text: &str) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find(['!', '[', 'h', 'H', 'd', 'D']) {
        let start = from + found;
        let rest = &text[start..];
        from = start + 1;
        if let Some((length, target, image)) = markdown(rest).or_else(|| bare(rest)) {
            from = start + length;
            places.push(Place { range: start..from, target, picture: image || begins(target, DATA) });
        }
    }
    places
}

/// `![words](address)` or `[words](address)` at the start of a text: its length, the address, whether it is an image.
fn markdown(text: &str) -> Option<(usize, &str, bool)> {
    let image = text.starts_with('!');
    let label = text[usize::from(image)..].strip_prefix('[')?;
    // Another bracket inside is a link around an image: the inner one counts.
    let (_, after) = label.split_at(label.find(['[', ']'])?);
    let inside = after.strip_prefix("](")?.trim_start();
    let start = inside.strip_prefix('<').unwrap_or(inside);
    if !(BARE.iter().any(|scheme| begins(start, scheme)) || image && has_scheme(start)) {
        return None;
    }
    let (target, rest) = destination(inside);
    // What stands before the bracket is a title; where the text was cut there is no bracket, and it ends with it.
    let end = rest.find(')').map_or(rest.len(), |close| close + 1);
    Some((text.len() - rest.len() + end, target, image))
}

/// The address at the start of what stands between Markdown's round brackets, and the rest.
fn destination(text: &str) -> (&str, &str) {
    if begins(text, DATA) {
        // Base64 may be broken into lines.
        return text.split_at(text.find(')').unwrap_or(text.len()));
    }
    let near = &text[..text.floor_char_boundary(LONGEST)];
    match near.strip_prefix('<').and_then(|inside| inside.find('>')) {
        Some(end) => (&text[1..=end], &text[end + 2..]),
        None => text.split_at(unbalanced(near, char::is_whitespace)),
    }
}

/// An address at the start of a text, as people end it in a sentence.
fn bare(text: &str) -> Option<(usize, &str, bool)> {
    let scheme = BARE.iter().find(|start| begins(text, start))?;
    // Written by the rules an address is ASCII, so any other letter is already the sentence.
    let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '`' | '\\' | '^' | '{' | '|' | '}');
    let target = text[..unbalanced(text, ends)].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*']);
    (target.len() > scheme.len()).then_some((target.len(), target, false))
}

/// Where a text first has such a character, or closes a bracket that it did not open.
fn unbalanced(text: &str, ends: impl Fn(char) -> bool) -> usize {
    let (mut round, mut square) = (0_usize, 0_usize);
    for (index, c) in text.char_indices() {
        let open = match c {
            '(' | ')' => &mut round,
            '[' | ']' => &mut square,
            _ if ends(c) => return index,
            _ => continue,
        };
        match (c, *open) {
            ('(' | '[', _) => *open += 1,
            (_, 0) => return index,
            _ => *open -= 1,
        }
    }
    text.len()
}

/// Whether a text begins like an address of any kind, and not like the name of a file. Those that are not fetched are
/// no less of an image: the refusal then tells why there is none.
fn has_scheme(text: &str) -> bool {
    let name = text.find(|c: char| !c.is_ascii_alphanumeric());
    name.is_some_and(|end| (2..=16).contains(&end) && text[end..].starts_with(':'))
}

/// Whether a text begins so, in letters of any size.
fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start))
}

/// The text without these ranges, and without the empty lines and brackets they leave.
fn caption(text: &str, taken: impl Iterator<Item = Range<usize>>) -> String {
    let mut kept = String::new();
    let mut end = 0;
    for range in taken {
        kept.push_str(&text[end..range.start]);
        end = range.end;
    }
    if end == 0 {
        return text.trim().to_owned();
    }
    kept.push_str(&text[end..]);
    let lines = kept.lines().map(|line| line.replace("[]()", "").trim_end().to_owned());
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> (Vec<String>, Option<String>) {
        let texts = [Cow::Borrowed(text)];
        let reading = read(&texts, true);
        (reading.pictures.iter().map(|picture| (*picture).to_owned()).collect(), reading.caption)
    }

    #[test]
    fn a_text_gives_its_pictures_and_keeps_its_words() {
        for (text, picture, caption) in [
            ("https://a.b/c.png", "https://a.b/c.png", ""),
            ("HTTPS://a.b/c.png?x=(1)&y=[2]", "HTTPS://a.b/c.png?x=(1)&y=[2]", ""),
            ("Here: http://[::1]:8/c.png.", "http://[::1]:8/c.png", "Here: ."),
            ("A mug (https://a.b/c)", "https://a.b/c", "A mug ()"),
            ("完成：https://a.b/c.png。好", "https://a.b/c.png", "完成：。好"),
            ("**https://a.b/c.png**", "https://a.b/c.png", "****"),
            ("A mug.\n\n![a mug](https://a.b/c.png)\n\nBlue.", "https://a.b/c.png", "A mug.\nBlue."),
            ("![](<https://a.b/c d.png> \"title (1\")x", "https://a.b/c d.png", "x"),
            ("![a]( https://a.b/c_(1).png 'title' )", "https://a.b/c_(1).png", ""),
            ("[![a](https://a.b/c)](https://a.b/c)", "https://a.b/c", ""),
            ("![a](https://a.b/c)\n[Download](https://a.b/c)", "https://a.b/c", ""),
            ("[Download](https://a.b/c)", "https://a.b/c", ""),
            ("![a](data:image/png;base64,AA\nBB)", "data:image/png;base64,AA\nBB", ""),
            ("![cut](data:image/png;base64,AABB", "data:image/png;base64,AABB", ""),
            ("so data:image/png;base64,AAB= it is", "data:image/png;base64,AAB=", "so  it is"),
            ("![a](file:///etc/passwd)", "file:///etc/passwd", ""),
        ] {
            let expected = (vec![picture.to_owned()], (!caption.is_empty()).then(|| caption.to_owned()));
            assert_eq!(reading(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_without_an_address_is_a_caption() {
        for text in ["how odd!", "![a](b.png)", "[1] he said (so)", "![", "[a](", "https://", "ftp://a/b", "data:x"] {
            assert_eq!(reading(text), (vec![], Some(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_bare_address_is_a_picture_only_where_none_says_that_it_is_one() {
        let (pictures, caption) = reading("![a](https://a/1)![b](https://a/2) by https://artist.example");
        assert_eq!(pictures, ["https://a/1", "https://a/2"]);
        assert_eq!(caption.as_deref(), Some("by https://artist.example"));
        let texts = [Cow::Borrowed("see https://a.b/c")];
        assert_eq!(read(&texts, false), Reading { pictures: vec![], caption: Some("see https://a.b/c".to_owned()) });
    }

    #[test]
    fn a_text_made_to_be_slow_is_read_quickly() {
        for piece in ["![a](<", "![a](x", "[", "![a](xy:", "[a](data:image/", "http://", "https://a ", "![a](b:c)"] {
            let (pictures, _) = reading(&piece.repeat(50_000));
            assert!(pictures.len() <= MOST_PICTURES, "{piece}");
        }
    }

    #[test]
    fn base64_is_taken_from_data_addresses_only() {
        assert_eq!(embedded("data:image/png;base64,AAAA"), Some("AAAA"));
        assert_eq!(embedded("DATA:image/png;charset=x;BASE64,"), Some(""));
        assert_eq!(embedded("data:image/svg+xml,<svg/>"), None);
        assert_eq!(embedded("data:text/plain;base64,AAAA"), None);
        assert_eq!(embedded("https://a/b,c;base64,x"), None);
    }
}
