//! Files that a list names by a pattern, found in the listings of their folders: each folder is read once and kept in
//! memory, so that thousands of patterns may look in it. Never opens a file, and never looks behind a link that leads
//! away.

use std::collections::HashMap;
use std::fs::{self, FileType, Metadata};
use std::path::PathBuf;

use glob::{MatchOptions, Pattern};

use super::listed::{FileError, ListFolder};

/// What makes a text a pattern.
const META: [char; 3] = ['*', '?', '['];

/// As a shell does it: `*` and `?` stand for no hidden file, and letters count as they are.
const AS_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The folders that patterns looked in so far.
#[derive(Debug)]
pub struct Listings {
    list: ListFolder,
    /// By their paths as the list would write them, each with a `/` at its end unless it is the list's own.
    folders: HashMap<String, Vec<Entry>>,
    /// Those read since somebody asked, as they were before.
    looked_in: Vec<(String, Metadata)>,
}

/// What lies in a folder.
#[derive(Debug)]
struct Entry {
    name: String,
    kind: FileType,
}

/// Why a pattern gives no files.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It cannot be understood.
    #[error("{0}")]
    Unreadable(&'static str),
    /// A folder that it leads through cannot be listed.
    #[error("{}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: FileError,
    },
    /// Nothing there is called so.
    #[error("nothing in {} is called so", folder.display())]
    Nothing {
        /// Where it begins to look.
        folder: PathBuf,
    },
}

/// Whether a text holds what a pattern is made of.
pub fn is_pattern(written: &str) -> bool {
    written.contains(META)
}

/// A text as patterns have it that stands for this very text.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match META.contains(&c) {
            true => escaped.extend(['[', c, ']']),
            false => escaped.push(c),
        }
    }
    escaped
}

/// The text that was escaped.
pub fn unescaped(escaped: &str) -> String {
    // The bracket last: those of the other signs are no signs.
    escaped.replace("[*]", "*").replace("[?]", "?").replace("[[]", "[")
}

/// The only name that a pattern stands for, if each of its signs is escaped.
pub fn literal(pattern: &str) -> Option<String> {
    let rest = META.iter().fold(pattern.to_owned(), |rest, sign| rest.replace(&escaped(&sign.to_string()), ""));
    (!is_pattern(&rest)).then(|| unescaped(pattern))
}

impl Listings {
    /// Those of folders that this list's paths name.
    pub fn new(list: ListFolder) -> Self {
        Self { list, folders: HashMap::new(), looked_in: Vec::new() }
    }

    /// The files that a pattern stands for, as the list would write them, sorted by their bytes; at least one.
    pub fn matching(&mut self, pattern: &str) -> Result<Vec<String>, PatternError> {
        let first = pattern.find(META).unwrap_or_default();
        let (base, rest) = pattern.split_at(pattern[..first].rfind('/').map_or(0, |slash| slash + 1));
        let parts = rest.split('/').filter(|part| !part.is_empty()).map(Part::of).collect::<Result<Vec<_>, _>>()?;
        let mut files = Vec::new();
        self.walk(base, &parts, &mut files)?;
        files.sort_unstable();
        match files.is_empty() {
            true => Err(PatternError::Nothing { folder: self.list.path().join(base) }),
            false => Ok(files),
        }
    }

    /// The folders that were read since this was asked, each with a `/` at its end, as they were before.
    pub fn take_looked_in(&mut self) -> Vec<(String, Metadata)> {
        std::mem::take(&mut self.looked_in)
    }

    /// Whatever these parts stand for, from this folder on.
    fn walk(&mut self, folder: &str, parts: &[Part], files: &mut Vec<String>) -> Result<(), PatternError> {
        let Some((part, deeper)) = parts.split_first() else { return Ok(()) };
        let path = self.list.path().join(folder);
        let wants_file = deeper.is_empty();
        let fits = |entry: &&Entry| match wants_file {
            true => !leads_to_folder(entry, &path),
            false => leads_to_folder(entry, &path),
        };
        let found = part.among(self.listing(folder)?).filter(fits).map(|entry| format!("{folder}{}", entry.name));
        let found: Vec<String> = found.collect();
        if wants_file {
            files.extend(found);
            return Ok(());
        }
        found.into_iter().try_for_each(|folder| self.walk(&format!("{folder}/"), deeper, files))
    }

    /// What lies in a folder, sorted by the bytes of its names; what is not UTF-8 no list can name.
    fn listing(&mut self, folder: &str) -> Result<&[Entry], PatternError> {
        if !self.folders.contains_key(folder) {
            let (about, entries) = self.read(folder).map_err(|error| {
                let folder = self.list.path().join(folder);
                PatternError::Folder { folder, error }
            })?;
            let name = if folder.is_empty() { "./" } else { folder };
            self.looked_in.push((name.to_owned(), about));
            self.folders.insert(folder.to_owned(), entries);
        }
        Ok(&self.folders[folder])
    }

    fn read(&self, folder: &str) -> Result<(Metadata, Vec<Entry>), FileError> {
        let path = self.list.find_folder(folder)?;
        // Before: what comes while it is read changes its time.
        let about = fs::metadata(&path)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, kind: entry.file_type()? });
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok((about, entries))
    }
}

/// A folder, or a link to one. A link to nothing may have been meant for a file.
fn leads_to_folder(entry: &Entry, folder: &std::path::Path) -> bool {
    match entry.kind.is_symlink() {
        true => folder.join(&entry.name).is_dir(),
        false => entry.kind.is_dir(),
    }
}

/// One name of a pattern's path.
struct Part<'a> {
    written: &'a str,
    /// What every name begins with that it stands for.
    beginning: &'a str,
    pattern: Pattern,
}

impl<'a> Part<'a> {
    fn of(written: &'a str) -> Result<Self, PatternError> {
        if written.contains("**") {
            return Err(PatternError::Unreadable("`**` is not known here; write one `*` for each folder"));
        }
        let pattern = Pattern::new(written).map_err(|error| PatternError::Unreadable(error.msg))?;
        Ok(Self { written, beginning: &written[..written.find(META).unwrap_or(written.len())], pattern })
    }

    /// Those that it stands for: the one that is called so to the letter, else those that match. Only those are looked
    /// at that begin alike.
    fn among<'b>(&self, sorted: &'b [Entry]) -> impl Iterator<Item = &'b Entry> {
        let literal = sorted.binary_search_by(|entry| entry.name.as_str().cmp(self.written)).ok();
        let from = literal.unwrap_or_else(|| sorted.partition_point(|entry| entry.name.as_str() < self.beginning));
        let to = literal.map(|place| place + 1);
        let alike = sorted[from..to.unwrap_or(sorted.len())].iter();
        alike
            .take_while(|entry| entry.name.starts_with(self.beginning))
            .filter(move |entry| to.is_some() || self.pattern.matches_with(&entry.name, AS_A_SHELL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// `list/`, which holds these files, each in the folders of its path.
    fn list_of(files: &[&str]) -> (TempDir, Listings) {
        let root = tempfile::tempdir().unwrap();
        let list = root.path().join("list");
        fs::create_dir(&list).unwrap();
        for file in files {
            let path = list.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let listings = Listings::new(ListFolder::new(list, false));
        (root, listings)
    }

    #[track_caller]
    fn assert_gives(listings: &mut Listings, pattern: &str, expected: &[&str]) {
        assert_eq!(listings.matching(pattern).unwrap(), expected, "{pattern}");
    }

    #[test]
    fn a_pattern_stands_for_the_files_that_match_in_the_order_of_their_bytes() {
        let files = ["p/cup-2.jpg", "p/cup-10.jpg", "p/cup.jpg", "p/Cup.jpg", "p/jug.jpg", "p/.cup.jpg", "p/ähre.jpg"];
        let (root, mut listings) = list_of(&files);
        fs::create_dir(root.path().join("list/p/cup-folder.jpg")).unwrap();
        assert_gives(&mut listings, "p/cup*.jpg", &["p/cup-10.jpg", "p/cup-2.jpg", "p/cup.jpg"]);
        assert_gives(&mut listings, "p/[Cc]up.jpg", &["p/Cup.jpg", "p/cup.jpg"]);
        assert_gives(&mut listings, "p/???.jpg", &["p/Cup.jpg", "p/cup.jpg", "p/jug.jpg"]);
        assert_gives(&mut listings, "p/*re.jpg", &["p/ähre.jpg"]);
        assert_gives(&mut listings, "p/.c*", &["p/.cup.jpg"]);
        assert_gives(&mut listings, "./p/../p/j*", &["./p/../p/jug.jpg"]);
        assert!(
            matches!(listings.matching("p/cup-3*"), Err(PatternError::Nothing { folder }) if folder.ends_with("p"))
        );
        assert!(matches!(listings.matching("q/*"), Err(PatternError::Folder { folder, .. }) if folder.ends_with("q")));
        assert!(matches!(listings.matching("p/[a"), Err(PatternError::Unreadable(_))));
        assert!(matches!(listings.matching("**/cup.jpg"), Err(PatternError::Unreadable(_))));
    }

    #[test]
    fn an_escaped_text_stands_for_itself() {
        for text in ["a[b]*c", "[", "[*]", "what?", "[[x", "plain.jpg", "*?[", "]["] {
            assert_eq!(literal(&escaped(text)).as_deref(), Some(text), "{}", escaped(text));
            let (_root, mut listings) = list_of(&[text, "a.b.c", "wha1", "x"]);
            assert_gives(&mut listings, &escaped(text), &[text]);
            assert_eq!(literal(&format!("{}*", escaped(text))), None, "{text}");
        }
        assert_eq!([literal("[ab]"), literal("[!*]"), literal("a]")], [None, None, Some("a]".to_owned())]);
    }

    #[test]
    fn folders_match_too_and_a_name_that_is_there_to_the_letter_is_no_pattern() {
        let (_root, mut listings) =
            list_of(&["a/front.jpg", "b/front.jpg", "c/back.jpg", "d [1]/e1.jpg", "d 1/e2.jpg"]);
        assert_gives(&mut listings, "*/front.jpg", &["a/front.jpg", "b/front.jpg"]);
        assert_gives(&mut listings, "d [1]/e*", &["d [1]/e1.jpg"]);
        let folders: Vec<_> = listings.take_looked_in().into_iter().map(|(folder, _)| folder).collect();
        assert_eq!(folders[0], "./");
        assert_eq!(folders.len(), 6, "each once, also where nothing matched: {folders:?}");
        assert_gives(&mut listings, "*/back.jpg", &["c/back.jpg"]);
        assert!(listings.take_looked_in().is_empty());
    }

    #[test]
    fn no_pattern_looks_behind_a_link_that_leads_away() {
        let (root, mut listings) = list_of(&["in/cup.jpg"]);
        fs::create_dir(root.path().join("other")).unwrap();
        fs::write(root.path().join("other/cup.jpg"), "").unwrap();
        symlink("../other", root.path().join("list/away")).unwrap();
        symlink("in", root.path().join("list/within")).unwrap();
        for pattern in ["away/*", "a*/cup.jpg", "../list/away/*"] {
            let error = listings.matching(pattern).unwrap_err();
            assert!(
                matches!(error, PatternError::Folder { error: FileError::LedAway { .. }, .. }),
                "{pattern}: {error}"
            );
        }
        assert_gives(&mut listings, "w*/*", &["within/cup.jpg"]);
        assert_gives(&mut listings, "../other/*", &["../other/cup.jpg"]);
    }
}
