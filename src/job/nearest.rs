//! What somebody probably meant. Never decides for them.

/// A likeness (Jaro-Winkler, 0 to 1) below which a suggestion would rather confuse: `concurency` and `concurrency`
/// have 0.98, `prompts` and `prompt` 0.97, `title` and `prompt` 0.
const ALIKE: f64 = 0.85;

/// The name most like `text`, if any is much like it.
pub(super) fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let like = names.iter().map(|name| (strsim::jaro_winkler(text, name), *name));
    let (likeness, name) = like.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (likeness > ALIKE).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_finds_none() {
        let names = ["prompt", "concurrency", "output"];
        for (text, name) in [("concurency", "concurrency"), ("prompts", "prompt"), ("outptu", "output")] {
            assert_eq!(nearest(text, &names), Some(name));
        }
        for text in ["title", "template", ""] {
            assert_eq!(nearest(text, &names), None);
        }
    }
}
