//! What of a text may be passed on: all but what only this machine, or whoever holds a key, should know. Never looks
//! whether a path or an address leads anywhere.

use std::borrow::Cow;

/// A text without what stands in addresses behind their paths, which may be a signature, without names and passwords in
/// them, and with nothing of a path that is written in full but its last part.
pub(super) fn passable(text: &str) -> Cow<'_, str> {
    if !text.contains('/') {
        return text.into();
    }
    let ends_word = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>|(),;=[]{}".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(ends_word).unwrap_or(rest.len());
        let end = match address_start(rest) {
            // What stands behind a path may hold any sign but a space.
            Some(0) => rest.find(|c: char| c.is_whitespace() || "\"<>|".contains(c)).unwrap_or(rest.len()),
            // An address may follow a word at once, as in `src:https://…`.
            Some(start) => start.min(word),
            None => word,
        };
        let (word, behind) = rest.split_at(end);
        kept.push_str(&word_to_pass(word));
        let next = behind.chars().next().filter(|c| ends_word(*c)).map_or(0, char::len_utf8);
        kept.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    if kept == text { text.into() } else { kept.into() }
}

/// Where the first address begins: with a scheme (RFC 3986, 3.1), and what follows one.
fn address_start(text: &str) -> Option<usize> {
    let end = text.find("://")?;
    let scheme = text[..end].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c)).len();
    (scheme < end).then_some(scheme)
}

fn word_to_pass(word: &str) -> Cow<'_, str> {
    if let Some((scheme, rest)) = word.split_once("://") {
        if scheme.eq_ignore_ascii_case("file") {
            return last_part(rest).into();
        }
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let (host, path) = path.split_at(path.find('/').unwrap_or(path.len()));
        let host = host.rsplit('@').next().unwrap_or(host);
        return format!("{scheme}://{host}{path}").into();
    }
    let is_whole = |start: &str| word.strip_prefix(start).is_some_and(|rest| rest.contains('/'));
    match is_whole("/") || word.starts_with("~/") {
        true => last_part(word).into(),
        false => word.into(),
    }
}

fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_should_know_is_not_passed_on() {
        for (text, kept) in [
            ("https://cdn.example/a.jpg?X-Signature=s3cret&b=(1),'2'", "https://cdn.example/a.jpg"),
            ("see https://ada:pw@cdn.example/a b", "see https://cdn.example/a b"),
            ("https://cdn.example?key=s3cret", "https://cdn.example"),
            ("s3://bucket/a.jpg#s3cret|mug.jpg", "s3://bucket/a.jpg|mug.jpg"),
            ("cannot read `/home/ada/photos/mug.jpg`: gone", "cannot read `mug.jpg`: gone"),
            ("src:https://cdn.example/a.jpg?sig=s3cret", "src:https://cdn.example/a.jpg"),
            ("a=https://cdn.example/a.jpg?sig=(s3cret)", "a=https://cdn.example/a.jpg"),
            ("file:///home/ada/mug.jpg", "mug.jpg"),
            ("~/photos/mug.jpg; /srv/shop/lamps/", "mug.jpg; lamps"),
        ] {
            assert_eq!(passable(text), kept);
        }
    }

    #[test]
    fn all_else_stays() {
        for text in [
            "oak and/or ash",
            "photos/mug.jpg",
            "1/2 cup",
            "/imagine a cup",
            "../photos/mug.jpg",
            "a = b",
            "「お皿」/x",
        ] {
            assert_eq!(passable(text), text);
        }
    }
}
