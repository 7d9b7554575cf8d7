//! What is written down of an answer beside its staged images, and how a later run goes on from it. Never trusts it
//! further than the images' own hashes.
//!
//! Between the last byte of an answer and its receipt in the database lie a sync, a group and a commit. A process that
//! dies there, or whose database fails it, leaves a file that says what came; whether the images are what it says is
//! read from them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::disk::{self, failed};
use super::names;
use super::spool::Spool;
use crate::domain::{Digest, Receipt, Received, Sent, StagedImage};

/// How much of an image is read at once, in bytes.
const BLOCK: usize = 64 * 1024;

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The hash of the request that was answered, in hexadecimal: in a copy of the database the same attempt may have
    /// asked for something else.
    digest: String,
    receipt: Receipt,
}

/// Notes what came. A note that cannot be written costs nothing as long as the process lives and its database works, so
/// it is no reason to give up an answer.
pub(super) fn write_down(spool: &Spool, sent: Sent, receipt: &Receipt) {
    let note = Note { digest: hexadecimal(&sent.digest), receipt: receipt.clone() };
    if let Ok(text) = serde_json::to_vec(&note) {
        let _ = spool.write(&spool.receipt(sent.attempt), &text);
    }
}

fn hexadecimal(digest: &Digest) -> String {
    blake3::Hash::from_bytes(digest.0).to_hex().to_string()
}

/// Removes the note of a published answer. One that stays is swept by the next run.
pub(super) fn forget(spool: &Spool, receipt: &Receipt) {
    let _ = receipt.images.first().map(|image| spool.remove(&names::receipt_beside(&image.staged)));
}

/// The whole answers among those of these attempts, made durable.
pub(super) fn recover(spool: &Spool, attempts: &[Sent]) -> Result<Vec<Received>, StoreError> {
    let mut found = Vec::new();
    for sent in attempts {
        let note = read_note(spool, &spool.receipt(sent.attempt))?;
        let note = note.filter(|note| note.digest == hexadecimal(&sent.digest));
        found.extend(note.map(|note| (sent.attempt, note.receipt)));
    }
    let whole = disk::in_parallel(&found, |(_, receipt)| is_whole(spool, receipt));
    let whole: Vec<bool> = whole.into_iter().collect::<Result<_, _>>()?;
    spool.sync_names()?;
    Ok(found.into_iter().zip(whole).filter(|(_, whole)| *whole).map(|(answer, _)| answer).collect())
}

/// That every whole answer in staging is one of those received.
pub(super) fn know_all(spool: &Spool, received: &[&StagedImage]) -> Result<(), StoreError> {
    let known: HashSet<&str> = received.iter().map(|image| names::attempt_of(&image.staged)).collect();
    let mut answers = 0;
    for name in spool.names()? {
        let is_unknown = names::noted(&name).is_some_and(|attempt| !known.contains(attempt));
        if is_unknown && read_note(spool, &name)?.is_some_and(|note| is_there(spool, &note.receipt)) {
            answers += 1;
        }
    }
    match answers {
        0 => Ok(()),
        _ => Err(StoreError::Unknown { answers, staging: spool.path().to_owned() }),
    }
}

/// Whether all images of an answer lie in staging, by their lengths.
fn is_there(spool: &Spool, receipt: &Receipt) -> bool {
    let is_file = |image: &StagedImage| disk::is_file_of(&spool.path_of(&image.staged), image.bytes);
    receipt.images.iter().all(|image| is_file(image).unwrap_or(true))
}

/// What the note says; nothing if there is none, or if its writing was cut short. One that is there and cannot be read
/// is an answer that may be there.
fn read_note(spool: &Spool, name: &str) -> Result<Option<Note>, StoreError> {
    let failed = |error| failed("read", &spool.path_of(name))(error);
    let Some(mut file) = if_there(spool.read(name)).map_err(failed)? else { return Ok(None) };
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    Ok(serde_json::from_slice(&text).ok().filter(|note: &Note| !note.receipt.images.is_empty()))
}

fn if_there(file: io::Result<File>) -> io::Result<Option<File>> {
    match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

fn is_whole(spool: &Spool, receipt: &Receipt) -> Result<bool, StoreError> {
    for image in &receipt.images {
        if !rewrite(spool, image).map_err(failed("recover", &spool.path_of(&image.staged)))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes an image anew if it is what was noted. Not merely synced: where an earlier sync failed, a system may hold
/// the bytes in memory, have given up writing them, and report the next sync as well done.
fn rewrite(spool: &Spool, image: &StagedImage) -> io::Result<bool> {
    let Some(mut from) = if_there(spool.read(&image.staged))? else { return Ok(false) };
    let draft = format!("{}.again", image.staged);
    // What an earlier try left.
    let _ = spool.remove(&draft);
    let mut to = spool.create(&draft)?;
    let copied = copy(spool, &mut from, &mut to);
    let is_same = matches!(&copied, Ok((bytes, blake3)) if *bytes == image.bytes && *blake3 == image.blake3);
    if !is_same {
        spool.remove(&draft)?;
        return copied.map(|_| false);
    }
    to.sync_data()?;
    spool.replace(&image.staged, &draft)?;
    Ok(true)
}

/// Copies a file, and says how long it is and what its hash is.
fn copy(spool: &Spool, from: &mut File, to: &mut File) -> io::Result<(u64, String)> {
    let (mut hasher, mut bytes, mut block) = (blake3::Hasher::new(), 0, vec![0; BLOCK]);
    loop {
        let read = from.read(&mut block)?;
        if read == 0 {
            return Ok((bytes, hasher.finalize().to_hex().to_string()));
        }
        hasher.update(&block[..read]);
        spool.write_all(to, &block[..read])?;
        bytes += read as u64;
    }
}
