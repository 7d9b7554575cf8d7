//! Names that every file system takes, and that stay below the output folder. Never folds two short names into one
//! beyond the replaced characters.

use crate::domain::is_direction_mark;

/// The longest part of a path, in bytes. File systems take 255; the rest is for `~2`, extensions and the stamps of
/// earlier versions.
pub const LONGEST_NAME: usize = 180;

/// The longest path below the output folder, in bytes: systems take 4,096 with everything above it, some 1,024.
const LONGEST_PATH: usize = 700;

/// Hexadecimal digits of the hash that keeps two long names apart when they are cut.
const HASH_DIGITS: usize = 12;

/// `text` as one part of a path: what some file system would not take, or would read as something else, becomes `_`.
pub fn clean(text: &str) -> String {
    let mut clean: String = text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    clean = without_outer_dots(&clean);
    if is_reserved(&clean) {
        clean.insert(0, '_');
    }
    if clean.len() > LONGEST_NAME { cut(&clean, text) } else { clean }
}

/// A `name` cell as a path below the output folder, with `/` between folders; or why it cannot be one.
pub fn path(text: &str) -> Result<String, String> {
    let bad = |why: &str| {
        Err(format!("`{}` {why}; write a path below the output folder, such as shirts/red-42", text.escape_debug()))
    };
    let drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if text.contains('\0') {
        return bad("holds a NUL character");
    } else if text.starts_with(['/', '\\']) || drive {
        return bad("is an absolute path");
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part.trim() {
            "" => return bad("has an empty part"),
            "." | ".." => return bad("has a part `.` or `..`"),
            hidden if hidden.starts_with('.') => return bad("has a part that begins with a dot"),
            plain => parts.push(clean(plain)),
        }
    }
    let folders = &parts[..parts.len() - 1];
    if folders.iter().any(|folder| is_like_a_file(folder)) {
        return bad("has a folder that is called like a file");
    }
    let path = parts.join("/");
    if path.len() > LONGEST_PATH { bad("is too long") } else { Ok(path) }
}

/// A folder `mug.png` would stand where the picture of an item `mug` has to go.
fn is_like_a_file(folder: &str) -> bool {
    let folder = folder.to_lowercase();
    [".jpg", ".png", ".webp", ".txt", ".csv", ".jsonl", ".html"].iter().any(|ending| folder.ends_with(ending))
}

fn is_plain(c: char) -> bool {
    !c.is_control() && !is_direction_mark(c) && !r#"/\:*?"<>|~"#.contains(c)
}

/// Dots and spaces at either end hide a file, or are dropped by some file systems.
fn without_outer_dots(text: &str) -> String {
    let is_outer = |c: char| c == '.' || c.is_whitespace();
    let inner = text.trim_matches(is_outer);
    if inner.is_empty() {
        return "_".repeat(text.chars().count().clamp(1, 8));
    }
    let before = text.len() - text.trim_start_matches(is_outer).len();
    let after = text.trim_end_matches(is_outer).len();
    let underscores = |part: &str| "_".repeat(part.chars().count());
    format!("{}{inner}{}", underscores(&text[..before]), underscores(&text[after..]))
}

/// Whether Windows reads this as a device, with any extension.
fn is_reserved(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix| stem.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// The beginning of a long name and the hash of the whole, so that two long names stay two.
fn cut(clean: &str, whole: &str) -> String {
    let end = clean.floor_char_boundary(LONGEST_NAME - HASH_DIGITS - 1);
    let hash = blake3::hash(whole.as_bytes()).to_hex();
    format!("{}-{}", &clean[..end], &hash[..HASH_DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_system_may_refuse_becomes_an_underscore() {
        for (text, name) in [
            ("red shirt", "red shirt"),
            ("Ärmel-42_é.x", "Ärmel-42_é.x"),
            ("a/b\\c:d*e?f\"g<h>i|j~k", "a_b_c_d_e_f_g_h_i_j_k"),
            ("a\nb\tc\u{0}d\u{7f}", "a_b_c_d_"),
            ("gpj.\u{202e}x", "gpj._x"),
            (".staging", "_staging"),
            ("..", "__"),
            ("", "_"),
            (" a. ", "_a__"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("com1", "_com1"),
            ("com10", "com10"),
            ("~/x", "__x"),
        ] {
            assert_eq!(clean(text), name, "{text:?}");
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (one, other) = ("ä".repeat(500) + "1", "ä".repeat(500) + "2");
        assert!(clean(&one).len() <= LONGEST_NAME && clean(&one) != clean(&other));
        assert_eq!(clean(&clean(&one)), clean(&one));
    }

    #[test]
    fn a_name_may_hold_folders_and_never_leaves() {
        assert_eq!(path("shirts/red 42").unwrap(), "shirts/red 42");
        assert_eq!(path("a~b/con").unwrap(), "a_b/_con");
        for text in [
            "",
            "/etc/x",
            "\\x",
            "C:\\x",
            "c:x",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "a/",
            "a/ /b",
            ".versions/x",
            "lamp.png/red",
            "results.csv/x",
            "a/.b",
            "a\0b",
            "a/ ../b",
            "..\\x",
        ] {
            assert!(path(text).is_err(), "{text:?} gave {:?}", path(text));
        }
    }
}
