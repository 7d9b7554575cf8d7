//! The archive that a workbook is: read whole, for what is where stands at its end, and weighed before anything makes
//! sense of it. Never lets it become more than fits into memory, whatever it says of itself.

use std::io::{self, Cursor, Read};

use memchr::{memchr, memmem};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::job::fault::{Place, Problem};
use crate::job::manifest::source::{Source, cut_off};

/// No workbook has more bytes, packed or unpacked: a million rows take half as many.
const MOST_BYTES: u64 = 256 << 20;

/// No part that names styles has more: in memory each takes many times what it does in the file.
const MOST_STYLES: u64 = 16 << 20;

/// No archive has more parts: a workbook has about one a sheet and picture.
const MOST_PARTS: usize = 10_000;

/// How older spreadsheets begin, and those with a password.
const COMPOUND: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];

/// The bytes of a workbook that can be unpacked.
pub fn weighed(source: Source) -> Result<Cursor<Vec<u8>>, Problem> {
    let mut bytes = Vec::new();
    let read = source.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cut_off(Place::line(1), &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large());
    }
    if bytes.starts_with(&COMPOUND) {
        return Err(wrong(
            "it is a spreadsheet of the older kind (.xls), or it has a password; save it as .xlsx without \
                          a password, or the sheet as CSV UTF-8",
        ));
    }
    if !bytes.starts_with(b"PK") {
        return Err(wrong(
            "it is no .xlsx workbook, whatever its name says; save it as one, or the sheet as CSV UTF-8",
        ));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    weigh(&mut archive)?;
    Ok(archive.into_inner())
}

/// That an archive's parts are whole, few and small enough. What they declare is checked first, then what they are.
fn weigh(archive: &mut ZipArchive<Cursor<Vec<u8>>>) -> Result<(), Problem> {
    if archive.len() > MOST_PARTS || archive.decompressed_size().is_none_or(|bytes| bytes > MOST_BYTES.into()) {
        return Err(too_large());
    }
    let is_types = |name: &str| name.eq_ignore_ascii_case("[Content_Types].xml");
    if !archive.file_names().any(|name| name.is_ok_and(|name| is_types(&name))) {
        return Err(wrong(
            "it is an archive, but no .xlsx workbook; save the list from the spreadsheet as .xlsx or CSV UTF-8",
        ));
    }
    let mut left = MOST_BYTES;
    for number in 0..archive.len() {
        let part = archive.by_index(number).map_err(|error| unreadable(&error))?;
        let name = part.name().map_err(|error| unreadable(&error))?.to_lowercase();
        let most = if name.ends_with("styles.xml") { left.min(MOST_STYLES) } else { left };
        let unpacked = if name.ends_with("sharedstrings.xml") { strings(part, most) } else { sized(part, most) };
        let size = unpacked.map_err(|error| damaged(Place::line(1), &error.to_string()))?;
        if size > most {
            return Err(too_large());
        }
        left -= size;
    }
    Ok(())
}

/// How many bytes a part unpacks to, as far as that is no more than `most`.
fn sized(part: impl Read, most: u64) -> io::Result<u64> {
    io::copy(&mut part.take(most + 1), &mut io::sink())
}

/// The same of the texts that cells share. The number of them, for which room is made at once, must not be invented.
fn strings(part: impl Read, most: u64) -> io::Result<u64> {
    let mut text = Vec::new();
    part.take(most + 1).read_to_end(&mut text)?;
    let size = text.len() as u64;
    let invented = memmem::find_iter(&text, b"uniqueCount").any(|at| number_at(&text[at..]) > size);
    if invented || memchr(0, &text).is_some() {
        return Err(io::Error::other("the texts of its cells are not what they say"));
    }
    Ok(size)
}

/// The number in an attribute that begins here; 0 if it has none.
fn number_at(attribute: &[u8]) -> u64 {
    let value = attribute.iter().skip_while(|byte| !byte.is_ascii_digit() && **byte != b'>');
    let digits = value.take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

fn wrong(message: &str) -> Problem {
    Problem::new(Place::line(1), message)
}

fn too_large() -> Problem {
    let most = MOST_BYTES >> 20;
    wrong(&format!("the workbook takes more than {most} MiB when it is unpacked; save the sheet as CSV UTF-8"))
}

fn unreadable(error: &ZipError) -> Problem {
    match error {
        ZipError::InvalidArchive(_) => damaged(Place::line(1), "its archive is cut off"),
        error => damaged(Place::line(1), &error.to_string()),
    }
}

/// That a workbook cannot be read from `place` on.
pub fn damaged(place: Place, why: &str) -> Problem {
    let message = format!(
        "the workbook cannot be read on from here: {why}; copy the file again, or open it in a spreadsheet and save it \
         anew as .xlsx or CSV UTF-8"
    );
    Problem::new(place, message)
}
