//! Small images, and what is done with them on their way through a store.

use std::fs;
use std::path::Path;

use overnight::domain::{Artifact, AttemptId, Digest, Receipt, Reply, Sent, StagedImage};
use overnight::store::{ArtifactStore, Publication, Published, Staging, StoreError};

/// The start of a PNG of this size, then `filler`: an image as far as a header can tell.
pub fn png(width: u32, height: u32, filler: &str) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0");
    bytes.extend(filler.as_bytes());
    bytes
}

/// A JPEG whose frame header comes after `metadata` bytes of application data.
pub fn jpeg(width: u16, height: u16, metadata: usize) -> Vec<u8> {
    let mut bytes = b"\xFF\xD8".to_vec();
    let mut left = metadata;
    while left > 0 {
        let part = left.min(60_000);
        bytes.extend(b"\xFF\xEB");
        bytes.extend((part as u16 + 2).to_be_bytes());
        bytes.resize(bytes.len() + part, b'm');
        left -= part;
    }
    bytes.extend(b"\xFF\xC0\0\x11\x08");
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xFF\xD9");
    bytes
}

/// An attempt that asked for what all of these do.
pub fn sent(attempt: i64) -> Sent {
    Sent { attempt: AttemptId(attempt), digest: Digest([7; 32]) }
}

/// Leaves these images as a process does that dies before the end of its answer.
pub fn stage_half(store: &dyn ArtifactStore, attempt: i64, images: &[&[u8]]) -> Vec<StagedImage> {
    let staging = arrived(store, attempt, images);
    let staged = staging.kept().to_vec();
    std::mem::forget(staging);
    staged
}

fn arrived(store: &dyn ArtifactStore, attempt: i64, images: &[&[u8]]) -> Box<dyn Staging> {
    let mut staging = store.stage(sent(attempt)).unwrap();
    for image in images {
        staging.begin().unwrap();
        image.chunks(7).for_each(|chunk| staging.write(chunk).unwrap());
        staging.keep().unwrap();
    }
    staging
}

/// Stages and syncs these images as one attempt.
pub fn stage(store: &dyn ArtifactStore, attempt: i64, images: &[&[u8]]) -> Vec<StagedImage> {
    let staged = arrived(store, attempt, images).finish(Reply::default()).images;
    sync(store, &staged).into_iter().for_each(|synced| synced.unwrap());
    staged
}

/// Syncs these images as one group.
pub fn sync(store: &dyn ArtifactStore, staged: &[StagedImage]) -> Vec<Result<(), StoreError>> {
    store.sync(&staged.iter().collect::<Vec<_>>())
}

/// The publication of an answer under a name.
pub fn publication(name: &str, images: Vec<StagedImage>, caption: Option<&str>) -> Publication {
    Publication {
        name: name.into(),
        receipt: Receipt {
            images,
            reply: Reply { text: caption.map(str::to_owned), finish_reason: Some("STOP".into()), ..Reply::default() },
        },
        earlier: None,
    }
}

/// Publishes one answer that must succeed.
pub fn publish(store: &dyn ArtifactStore, publication: &Publication) -> Artifact {
    match publish_all(store, std::slice::from_ref(publication)).remove(0) {
        Published::Kept(artifact) => artifact,
        Published::Vanished { staged } => panic!("{staged} vanished"),
    }
}

/// Publishes a batch in which nothing may fail.
pub fn publish_all(store: &dyn ArtifactStore, batch: &[Publication]) -> Vec<Published> {
    store.publish(batch).into_iter().map(Result::unwrap).collect()
}

/// Publishes one answer that must fail.
pub fn publish_fails(store: &dyn ArtifactStore, publication: &Publication) -> StoreError {
    store.publish(std::slice::from_ref(publication)).remove(0).unwrap_err()
}

/// Every file a person sees below a folder, sorted; what begins with a dot is not for people.
pub fn visible(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            files.extend(visible(&entry.path()).iter().map(|below| format!("{name}/{below}")));
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}
