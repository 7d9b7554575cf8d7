//! Words in a prompt that say what is to go wrong: `[[simulate:KIND]]`. Never chance.

use super::fault::FaultKind;

/// How a script begins: brackets and word together, which no honest prompt holds.
const OPENING: &str = "[[simulate:";
const CLOSING: &str = "]]";
/// The word for an answer as it should be.
const FINE: &str = "ok";

/// What befalls each ask of a request: its first word the first ask, and so on; the last word all that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script(Vec<Option<FaultKind>>);

impl Script {
    /// The first script in the prompt, if there is one, or what is wrong with it.
    pub fn read(prompt: &str) -> Result<Option<Script>, String> {
        let Some((_, rest)) = prompt.split_once(OPENING) else { return Ok(None) };
        let (words, _) = rest.split_once(CLOSING).ok_or_else(|| format!("{OPENING} is not closed by {CLOSING}"))?;
        let words: Vec<_> = words.split_whitespace().map(word).collect::<Result<_, _>>()?;
        if words.is_empty() {
            return Err(format!("{OPENING}{CLOSING} names nothing; write for example {OPENING}503 ok{CLOSING}"));
        }
        Ok(Some(Script(words)))
    }

    /// What befalls the `nth` ask, counted from 1.
    pub fn at(&self, nth: u64) -> Option<FaultKind> {
        let last = self.0.len() - 1;
        self.0[usize::try_from(nth.saturating_sub(1)).map_or(last, |place| place.min(last))]
    }
}

fn word(word: &str) -> Result<Option<FaultKind>, String> {
    match FaultKind::named(word) {
        None if word == FINE => Ok(None),
        None => Err(format!(
            "{word:?} in {OPENING}…{CLOSING} is no kind of fault; there are {FINE} and:\n{}",
            FaultKind::list()
        )),
        kind => Ok(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(prompt: &str) -> Script {
        Script::read(prompt).unwrap().expect("a script")
    }

    #[test]
    fn each_word_is_for_one_ask_and_the_last_for_all_that_follow() {
        let (once, always) = (script("a cup [[simulate:503 ok]]"), script("[[simulate:\tcut ]] a cup"));
        let (unavailable, cut) = (FaultKind::named("503"), FaultKind::named("cut"));
        assert_eq!([1, 2, 3, u64::MAX].map(|nth| once.at(nth)), [unavailable, None, None, None]);
        assert_eq!([1, 2, 99].map(|nth| always.at(nth)), [cut; 3]);
    }

    #[test]
    fn a_prompt_without_the_opening_has_none() {
        for prompt in ["", "a cup", "simulate:503", "[[503]]", "a [[cup]]", "[simulate:503]"] {
            assert_eq!(Script::read(prompt), Ok(None), "{prompt}");
        }
    }

    #[test]
    fn a_script_that_cannot_be_followed_says_why() {
        for (prompt, words) in
            [("[[simulate:explode]]", "day-quota-hidden"), ("[[simulate: ]]", "nothing"), ("[[simulate:503", "]]")]
        {
            let message = Script::read(prompt).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }
}
