//! Takes a secret out of what servers say, however they spell it. Never finds one that is cut into pieces.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// JSON within JSON within JSON puts so many backslashes before a character.
const MOST_BACKSLASHES: usize = 8;

/// `text` with `mark` wherever the secret stands: as it is, with any of its characters written as JSON or an address
/// writes them, or within base64.
pub(super) fn without(text: &str, secret: &str, mark: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut clean = without_spellings(text, secret.as_bytes(), mark);
    for core in base64_cores(secret.as_bytes()) {
        if clean.contains(&core) {
            clean = clean.replace(&core, mark);
        }
    }
    clean
}

fn without_spellings(text: &str, secret: &[u8], mark: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = spelled(rest.as_bytes(), secret) {
            clean.push_str(mark);
            rest = &rest[length..];
        } else {
            clean.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    clean
}

/// How many bytes of a text spell the secret at its beginning, at most. What spells one byte may spell the beginning of
/// two, as `%25` does for `%` and for `%25`: so every place is followed at which the bytes so far may end.
fn spelled(text: &[u8], secret: &[u8]) -> Option<usize> {
    let (first, rest) = secret.split_first()?;
    let mut ends: Vec<usize> = spellings(text, *first).collect();
    for byte in rest {
        if ends.is_empty() {
            break;
        }
        let mut next: Vec<usize> =
            ends.iter().flat_map(|end| spellings(&text[*end..], *byte).map(move |length| end + length)).collect();
        next.sort_unstable();
        next.dedup();
        ends = next;
    }
    ends.last().copied()
}

/// How many bytes of a text may spell this one at its beginning.
fn spellings(text: &[u8], byte: u8) -> impl Iterator<Item = usize> + use<> {
    let plain = text.first().is_some_and(|first| *first == byte || (*first == b'+' && byte == b' ')).then_some(1);
    let in_address = match text {
        [b'%', digits @ ..] if hex(digits, 2) == Some(byte.into()) => Some(3),
        _ => None,
    };
    // JSON within JSON doubles its backslashes.
    let behind = text.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
    let escaped = match &text[behind..] {
        [b'u', digits @ ..] if behind > 0 && hex(digits, 4) == Some(byte.into()) => Some(behind + 5),
        [first, ..] if behind > 0 && *first == byte => Some(behind + 1),
        _ => None,
    };
    let doubled = if byte == b'\\' { behind } else { 0 };
    plain.into_iter().chain(in_address).chain(escaped).chain(2..=doubled)
}

fn hex(digits: &[u8], count: usize) -> Option<u32> {
    let digits = str::from_utf8(digits.get(..count)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// What base64 makes of the secret alone, wherever it stands in what is encoded: the characters that hold nothing else.
fn base64_cores(secret: &[u8]) -> Vec<String> {
    let mut cores = Vec::new();
    for before in 0..3 {
        let bytes = [&vec![0; before], secret].concat();
        let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            cores.extend(engine.encode(&bytes).get(start..end).filter(|core| core.len() >= 6).map(str::to_owned));
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    const SECRET: &str = r#"AIza/S3+cr\et"9="#;

    #[track_caller]
    fn assert_clean(spelling: &str) {
        assert_eq!(without(&format!("é {spelling} é"), SECRET, "[key]"), "é [key] é", "{spelling}");
    }

    #[test]
    fn a_secret_is_found_however_json_writes_it() {
        assert_clean(SECRET);
        assert_clean(r#"AIza\/S3+cr\\et\"9="#);
        assert_clean(r#"AIza\\/S3+cr\\\\et\\\"9="#);
        let all = |prefix: &str, capital: bool| {
            let digits = |c: char| if capital { format!("{:04X}", c as u32) } else { format!("{:04x}", c as u32) };
            SECRET.chars().map(|c| format!("{prefix}{}", digits(c))).collect::<String>()
        };
        for spelling in [all(r"\u", false), all(r"\u", true), all(r"\\u", false)] {
            assert_clean(&spelling);
        }
        assert_clean(r#"\u0041Iza\u002FS3+cr\\et\u00229="#);
    }

    #[test]
    fn a_secret_is_found_however_an_address_writes_it() {
        assert_clean("AIza%2FS3%2Bcr%5Cet%229%3D");
        assert_clean("AIza%2fS3%2bcr%5cet%229%3d");
        assert_clean(&SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>());
    }

    #[track_caller]
    fn assert_found(secret: &str, spelling: &str) {
        let clean = without(&format!("é {spelling} é"), secret, "[key]");
        assert_eq!(clean, "é [key] é", "{secret} as {spelling}");
    }

    #[test]
    fn a_secret_that_looks_as_if_it_were_spelled_out_is_found() {
        for secret in ["100%sure", "a%25b", "%%41%", r"a\\b", r"\\\u0041", r"%5c\\", r"a\"] {
            let in_json = secret.replace('\\', r"\\");
            let in_address = secret.replace('%', "%25").replace('\\', "%5C");
            let in_digits: String = secret.bytes().map(|byte| format!(r"\u{byte:04x}")).collect();
            for spelling in [secret, &in_json, &in_json.replace('\\', r"\\"), &in_address, &in_digits] {
                assert_found(secret, spelling);
            }
        }
        assert_found("100%%", "100%%25");
        assert_found("a%2525", "a%252525");
    }

    #[test]
    fn a_secret_is_found_within_base64() {
        for before in ["", "k", "ke", "Bearer "] {
            for after in ["", "\"}"] {
                let encoded = STANDARD.encode(format!("{before}{SECRET}{after}"));
                for text in [encoded.clone(), encoded.replace('+', "-").replace('/', "_").replace('=', "")] {
                    let clean = without(&text, SECRET, "[key]");
                    assert!(clean.contains("[key]") && clean.len() < before.len() * 2 + 18, "{clean}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_the_secret_stays() {
        let text = r"AIza/S3 %zz %2 \u00 \ 100% é\";
        assert_eq!(without(text, SECRET, "[key]"), text);
        assert_eq!(without(text, "", "[key]"), text);
        assert_eq!(without("1 a 1", "1", "[key]"), "[key] a [key]");
    }

    #[test]
    fn a_text_made_to_cost_time_costs_little() {
        let text = "\\".repeat(1 << 16) + &"%41".repeat(1 << 14) + &"%25".repeat(1 << 14);
        for secret in ["A".repeat(64), "%".repeat(63) + "A", "%25".repeat(21) + "A", r"A\".repeat(32)] {
            // How long a processor was busy with this thread, whatever else it has to do.
            let spent = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).tv_sec;
            let began = spent();
            without(&text, &secret, "[key]");
            assert!(spent() - began < 10, "{secret}: {} s", spent() - began);
        }
    }
}
