//! The table `[accept]` of a job file: what a picture must pass to be kept; every mistake at its own place. Never looks at
//! a picture.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::nearest::nearest;
use crate::domain::{Accept, Check, LEAST_SIDE};

/// What is wrong, and where in the file.
type Wrong = (Range<usize>, String);

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

/// What `[accept]` says, or all that is wrong with it.
pub(super) fn read(value: &Value<'_>) -> Result<Accept, Vec<Wrong>> {
    let Some(table) = value.get_ref().as_table() else {
        let message = "`accept`: write a table: [accept], and below it for example blank = true";
        return Err(vec![(value.span(), message.to_owned())]);
    };
    let (mut accept, mut wrong) = (Accept::default(), Vec::new());
    for (key, value) in table {
        match key.get_ref().parse() {
            Ok(check) => wrong.extend(set(&mut accept, check, value).err()),
            Err(_) => wrong.push(unknown(key)),
        }
    }
    if wrong.is_empty() { Ok(accept) } else { Err(wrong) }
}

fn set(accept: &mut Accept, check: Check, value: &Value<'_>) -> Result<(), Wrong> {
    match check {
        Check::Shape => accept.shape = demanded(check, value)?,
        Check::Tiny => accept.tiny = least(value)?,
        Check::Blank => accept.blank = demanded(check, value)?,
        Check::Duplicate => accept.duplicate = demanded(check, value)?,
        Check::Unchanged => accept.unchanged = demanded(check, value)?,
        Check::Uncaptioned => accept.uncaptioned = demanded(check, value)?,
    }
    Ok(())
}

fn demanded(check: Check, value: &Value<'_>) -> Result<bool, Wrong> {
    let wrong = || (value.span(), format!("`accept.{check}`: write true, to ask again for such a picture, or false"));
    value.get_ref().as_bool().ok_or_else(wrong)
}

/// Pixels of the shorter side: a number, or the usual one.
fn least(value: &Value<'_>) -> Result<Option<u32>, Wrong> {
    let number = match value.get_ref() {
        DeValue::Boolean(demanded) => return Ok(demanded.then_some(LEAST_SIDE)),
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    number.filter(|pixels| *pixels > 0).map(Some).ok_or_else(|| {
        let message = format!(
            "`accept.tiny`: write true for {LEAST_SIDE} pixels on the shorter side at least, or another whole number, or \
             false"
        );
        (value.span(), message)
    })
}

fn unknown(key: &Key<'_>) -> Wrong {
    let name: &str = key.get_ref();
    let known: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
    let message = match nearest(&name.to_lowercase(), &known) {
        Some(near) => format!("`accept`: unknown key `{name}`; did you mean `{near}`?"),
        None => format!("`accept`: unknown key `{name}`; the keys are {}", known.join(", ")),
    };
    (key.span(), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    fn accepted(table: &str) -> Accept {
        JobFile::parse(&format!("manifest = 'a.csv'\n[accept]\n{table}"), "a.toml").unwrap().accept
    }

    /// The places of what is wrong, as lines and columns, and the words.
    fn wrong(text: &str) -> Vec<String> {
        let faults = JobFile::parse(&format!("manifest = 'a.csv'\n{text}"), "a.toml").unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_check_is_demanded_by_its_name_and_none_without_a_word() {
        assert_eq!(accepted(""), Accept::default());
        let all = "shape = true\ntiny = true\nblank = true\nduplicate = true\nunchanged = true\nuncaptioned = true";
        let tiny = Some(LEAST_SIDE);
        let everything = Accept { shape: true, tiny, blank: true, duplicate: true, unchanged: true, uncaptioned: true };
        assert_eq!(accepted(all), everything);
        assert_eq!(accepted(&all.replace("true", "false")), Accept::default());
        assert_eq!(accepted("tiny = 0x200"), Accept { tiny: Some(512), ..Accept::default() });
    }

    #[test]
    fn every_mistake_is_told_at_its_place_with_what_to_write() {
        let found = wrong("[accept]\nblnk = true\nshape = 1\ntiny = 0\nsharp = true\ntiny_ = 'no'\nduplicate = 'yes'");
        for (line, words) in [
            (3, "unknown key `blnk`; did you mean `blank`?"),
            (4, "`accept.shape`: write true, to ask again"),
            (5, "`accept.tiny`: write true for 256 pixels"),
            (6, "`accept`: unknown key `sharp`"),
            (7, "did you mean `tiny`?"),
            (8, "`accept.duplicate`: write true"),
        ] {
            let told = found.iter().find(|fault| fault.contains(&format!("a.toml:{line}:")));
            assert!(told.is_some_and(|fault| fault.contains(words)), "{line} {words}: {found:#?}");
        }
        assert_eq!(found.len(), 6);
        assert!(wrong("zzz = 1\naccept = true")[1].contains("`accept`: write a table"));
    }
}
