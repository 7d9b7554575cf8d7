//! What every artifact store promises, whatever it is made of. Never looks at how a store stages.
//!
//! A store's own test module calls [`store_contract!`] with a function that opens it for the folder in which its
//! published files can be read; opening it twice for one folder stands for a later process.

use std::fs;
use std::path::Path;

use overnight::domain::{AttemptId, ImageFormat, Reply};
use overnight::store::{ArtifactStore, Publication, Published, StoreError};

use crate::support::staging::{
    jpeg, png, publication, publish, publish_all, publish_fails, sent, stage, stage_half, sync, visible,
};

/// Opens a store whose published files appear below this folder.
pub type Open = fn(&Path) -> Box<dyn ArtifactStore>;

/// Declares one test for each promise, against the store that `open` opens.
macro_rules! store_contract {
    ($open:expr; $($promise:ident,)+) => {
        $(#[test]
        fn $promise() {
            crate::store_contract::$promise($open);
        })+
    };
    ($open:expr) => {
        crate::store_contract::store_contract! { $open;
            what_was_written_is_published_byte_for_byte,
            a_kept_image_is_described_by_its_content,
            nothing_stands_under_a_final_name_before_it_is_published,
            a_staging_that_is_dropped_leaves_nothing,
            a_discarded_image_leaves_the_others_and_their_order,
            what_is_not_retained_leaves_no_trace_and_the_rest_has_the_order_told,
            pieces_of_any_size_make_the_same_image,
            what_is_no_image_is_not_kept,
            publishing_again_changes_nothing,
            a_later_process_publishes_what_an_earlier_one_staged,
            a_whole_answer_is_recovered_by_a_later_process_and_anything_less_is_not,
            bytes_that_are_gone_are_reported_and_nothing_else_suffers,
            what_cannot_be_synced_holds_up_no_other,
            what_cannot_be_published_holds_up_no_other,
            further_images_and_the_caption_stand_beside_the_first,
            a_caption_is_trimmed_and_an_empty_one_makes_no_file,
            what_was_replaced_is_kept_as_a_version,
            what_stood_under_another_name_is_kept_as_a_version_too,
            a_sweep_leaves_what_was_received,
            a_whole_answer_that_nobody_knows_is_not_swept_away,
            a_name_that_leaves_the_output_is_refused,
        }
    };
}
pub(crate) use store_contract;

pub fn what_was_written_is_published_byte_for_byte(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let bytes = png(4, 5, &"picture".repeat(20_000));
    let staged = stage(&*store, 1, &[&bytes]);
    let artifact = publish(&*store, &publication("red/lamp.v2", staged, None));
    assert_eq!(artifact.images[0].file, "red/lamp.v2.png");
    assert_eq!(artifact.images[0].bytes, bytes.len() as u64);
    assert_eq!(artifact.images[0].blake3, blake3::hash(&bytes).to_hex().as_str());
    assert_eq!(artifact.finish_reason.as_deref(), Some("STOP"));
    assert_eq!(fs::read(root.path().join("red/lamp.v2.png")).unwrap(), bytes);
    assert_eq!(visible(root.path()), ["red/lamp.v2.png"]);
}

pub fn a_kept_image_is_described_by_its_content(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let photograph = jpeg(928, 1152, 300_000);
    let staged = stage(&*store, 1, &[&photograph, &png(30, 20, "")]);
    assert_eq!(staged[0].format, ImageFormat::Jpeg);
    assert_eq!((staged[0].width, staged[0].height), (Some(928), Some(1152)));
    assert_eq!(staged[0].bytes, photograph.len() as u64);
    assert_eq!(staged[1].format, ImageFormat::Png);
    assert_eq!((staged[1].width, staged[1].height), (Some(30), Some(20)));
}

pub fn nothing_stands_under_a_final_name_before_it_is_published(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let mut staging = store.stage(sent(1)).unwrap();
    staging.begin().unwrap();
    staging.write(&png(1, 1, "half")).unwrap();
    assert!(visible(root.path()).is_empty());
    staging.keep().unwrap();
    let staged = staging.finish(Reply::default()).images;
    sync(&*store, &staged).remove(0).unwrap();
    assert!(visible(root.path()).is_empty());
}

pub fn a_staging_that_is_dropped_leaves_nothing(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let mut staging = store.stage(sent(1)).unwrap();
    staging.begin().unwrap();
    staging.write(&png(1, 1, "kept")).unwrap();
    staging.keep().unwrap();
    staging.begin().unwrap();
    staging.write(&png(1, 1, "arriving")).unwrap();
    drop(staging);
    // The same attempt may begin again where nothing was left behind.
    assert_eq!(stage(&*store, 1, &[&png(1, 1, "a"), &png(1, 1, "b")]).len(), 2);
}

pub fn a_discarded_image_leaves_the_others_and_their_order(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let mut staging = store.stage(sent(1)).unwrap();
    for (filler, wanted) in [("first", true), ("draft", false), ("second", true)] {
        staging.begin().unwrap();
        staging.write(&png(1, 1, filler)).unwrap();
        if wanted { staging.keep() } else { staging.discard() }.unwrap();
    }
    let artifact = publish(&*store, &publication("lamp", staging.finish(Reply::default()).images, None));
    let files: Vec<_> = artifact.images.iter().map(|image| image.file.as_str()).collect();
    assert_eq!(files, ["lamp.png", "lamp~2.png"]);
    assert_eq!(fs::read(root.path().join("lamp.png")).unwrap(), png(1, 1, "first"));
    assert_eq!(fs::read(root.path().join("lamp~2.png")).unwrap(), png(1, 1, "second"));
}

pub fn what_is_not_retained_leaves_no_trace_and_the_rest_has_the_order_told(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let mut staging = store.stage(sent(1)).unwrap();
    for filler in ["draft", "second", "first", "another draft"] {
        staging.begin().unwrap();
        staging.write(&png(1, 1, filler)).unwrap();
        staging.keep().unwrap();
    }
    let provisional = staging.kept().to_vec();
    staging.retain(&[2, 1]).unwrap();
    assert_eq!(staging.kept(), [provisional[2].clone(), provisional[1].clone()]);
    // What comes after is numbered on, and what was given up is gone without any sweep.
    staging.begin().unwrap();
    staging.write(&png(1, 1, "third")).unwrap();
    staging.keep().unwrap();
    staging.retain(&[0, 1, 2]).unwrap();
    let draft = store.publish(&[publication("draft", vec![provisional[0].clone()], None)]).remove(0);
    assert!(matches!(draft, Ok(Published::Vanished { .. })));
    let artifact = publish(&*store, &publication("lamp", staging.finish(Reply::default()).images, None));
    assert_eq!(artifact.images.len(), 3);
    assert_eq!(fs::read(root.path().join("lamp.png")).unwrap(), png(1, 1, "first"));
    assert_eq!(fs::read(root.path().join("lamp~2.png")).unwrap(), png(1, 1, "second"));
    assert_eq!(fs::read(root.path().join("lamp~3.png")).unwrap(), png(1, 1, "third"));
}

pub fn pieces_of_any_size_make_the_same_image(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let picture = png(3, 2, &"filler ".repeat(20_000));
    let expected = blake3::hash(&picture).to_hex().to_string();
    let sizes: [&[usize]; 4] = [&[1_000_000], &[7], &[24_576], &[11, 16_384, 16_383, 1, 40_000, 3]];
    for (attempt, sizes) in (1..).zip(sizes) {
        let mut staging = store.stage(sent(attempt)).unwrap();
        staging.begin().unwrap();
        let (mut rest, mut sizes) = (&picture[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            staging.write(piece).unwrap();
            rest = behind;
        }
        staging.keep().unwrap();
        let staged = staging.finish(Reply::default()).images.remove(0);
        assert_eq!((staged.bytes, &staged.blake3), (picture.len() as u64, &expected), "attempt {attempt}");
        assert_eq!((staged.width, staged.height), (Some(3), Some(2)));
    }
}

pub fn what_is_no_image_is_not_kept(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    for bytes in [&b"<html>sorry</html>"[..], b"\x89PN", b""] {
        let mut staging = store.stage(sent(1)).unwrap();
        staging.begin().unwrap();
        staging.write(bytes).unwrap();
        assert_eq!(staging.keep().unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        assert!(staging.finish(Reply::default()).images.is_empty());
    }
}

pub fn publishing_again_changes_nothing(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let staged = stage(&*store, 1, &[&png(1, 1, "a"), &png(1, 1, "b")]);
    let publication = publication("lamp", staged, Some("A lamp."));
    let first = publish(&*store, &publication);
    assert_eq!(publish(&*store, &publication), first);
    drop(store);
    assert_eq!(publish(&*open(root.path()), &publication), first);
    assert_eq!(visible(root.path()), ["lamp.png", "lamp.txt", "lamp~2.png"]);
    assert!(!root.path().join(".versions").exists());
}

pub fn a_later_process_publishes_what_an_earlier_one_staged(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let staged = stage(&*open(root.path()), 1, &[&png(1, 1, "a")]);
    let later = open(root.path());
    later.sweep(&staged.iter().collect::<Vec<_>>()).unwrap();
    publish(&*later, &publication("lamp", staged, None));
    assert_eq!(visible(root.path()), ["lamp.png"]);
}

pub fn a_whole_answer_is_recovered_by_a_later_process_and_anything_less_is_not(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let reply = Reply { text: Some("A lamp.".into()), ..Reply::default() };
    let whole = |store: &dyn ArtifactStore, attempt: i64| {
        let mut staging = store.stage(sent(attempt)).unwrap();
        staging.begin().unwrap();
        staging.write(&png(1, 1, "lamp")).unwrap();
        staging.keep().unwrap();
        staging.finish(reply.clone())
    };
    let store = open(root.path());
    let receipt = whole(&*store, 1);
    let mut cut = store.stage(sent(2)).unwrap();
    cut.begin().unwrap();
    cut.write(&png(1, 1, "cut")).unwrap();
    cut.keep().unwrap();
    drop(cut);
    drop(store);

    let later = open(root.path());
    let found = later.recover(&[sent(1), sent(2), sent(3)]).unwrap();
    assert_eq!(found, [(AttemptId(1), receipt.clone())]);
    later.sweep(&receipt.images.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(later.recover(&[sent(1)]).unwrap(), [], "recorded by now, so no note stays");
    publish(&*later, &Publication { name: "lamp".into(), receipt, earlier: None });
    assert_eq!(visible(root.path()), ["lamp.png", "lamp.txt"]);
}

pub fn bytes_that_are_gone_are_reported_and_nothing_else_suffers(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let lost = stage(&*store, 1, &[&png(1, 1, "lost"), &png(1, 1, "also")]);
    store.sweep(&[&lost[0]]).unwrap();
    let sound = stage(&*store, 2, &[&png(1, 1, "sound")]);
    let gone = lost[1].staged.clone();
    let batch = [publication("gone", lost, Some("Words.")), publication("lamp", sound, None)];
    let published = publish_all(&*store, &batch);
    assert_eq!(published[0], Published::Vanished { staged: gone });
    assert!(matches!(&published[1], Published::Kept(artifact) if artifact.images[0].file == "lamp.png"));
    assert_eq!(visible(root.path()), ["lamp.png"]);
}

pub fn what_cannot_be_synced_holds_up_no_other(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let one = |attempt| match attempt {
        4 => stage_half(&*store, attempt, &[&png(1, 1, "a")]),
        _ => stage(&*store, attempt, &[&png(1, 1, "a")]),
    };
    let staged: Vec<_> = (0..9).flat_map(one).collect();
    let there: Vec<_> = staged.iter().filter(|image| **image != staged[4]).collect();
    store.sweep(&there).unwrap();
    let synced: Vec<bool> = sync(&*store, &staged).iter().map(Result::is_ok).collect();
    assert_eq!(synced, [true, true, true, true, false, true, true, true, true]);
}

pub fn what_cannot_be_published_holds_up_no_other(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let batch = [("lamp", Some("Words.")), ("../out", Some("Words.")), ("mug", None)]
        .map(|(name, caption)| publication(name, stage(&*store, name.len() as i64, &[&png(1, 1, name)]), caption));
    let published = store.publish(&batch);
    assert!(matches!(&published[0], Ok(Published::Kept(artifact)) if artifact.images[0].file == "lamp.png"));
    assert!(published[1].is_err());
    assert!(matches!(&published[2], Ok(Published::Kept(artifact)) if artifact.images[0].file == "mug.png"));
    assert_eq!(visible(root.path()), ["lamp.png", "lamp.txt", "mug.png"]);
    // What could not be published still waits.
    assert_eq!(publish(&*store, &Publication { name: "cup".into(), ..batch[1].clone() }).images[0].file, "cup.png");
}

pub fn further_images_and_the_caption_stand_beside_the_first(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let staged = stage(&*store, 1, &[&png(1, 1, "a"), &jpeg(1, 1, 0), &png(1, 1, "c")]);
    let artifact = publish(&*store, &publication("x/lamp", staged, Some("A lamp.\nOn oak.")));
    assert_eq!(artifact.caption.as_deref(), Some("A lamp.\nOn oak."));
    assert_eq!(visible(root.path()), ["x/lamp.png", "x/lamp.txt", "x/lamp~2.jpg", "x/lamp~3.png"]);
    let caption = fs::read_to_string(root.path().join("x/lamp.txt")).unwrap();
    assert_eq!(caption, "A lamp.\nOn oak.");
}

pub fn a_caption_is_trimmed_and_an_empty_one_makes_no_file(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let batch = [
        publication("bare", stage(&*store, 1, &[&png(1, 1, "a")]), Some(" \n ")),
        publication("lamp", stage(&*store, 2, &[&png(1, 1, "b")]), Some("\nA lamp. ")),
    ];
    let published = publish_all(&*store, &batch);
    assert!(matches!(&published[0], Published::Kept(artifact) if artifact.caption.is_none()));
    assert!(matches!(&published[1], Published::Kept(artifact) if artifact.caption.as_deref() == Some("A lamp.")));
    assert_eq!(visible(root.path()), ["bare.png", "lamp.png", "lamp.txt"]);
}

pub fn what_was_replaced_is_kept_as_a_version(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let old = stage(&*store, 1, &[&png(1, 1, "old"), &png(1, 1, "old second")]);
    publish(&*store, &publication("x/lamp", old, Some("Old.")));
    let new = stage(&*store, 2, &[&jpeg(1, 1, 0)]);
    publish(&*store, &publication("x/lamp", new, None));
    assert_eq!(visible(root.path()), ["x/lamp.jpg"]);
    let versions = root.path().join(".versions");
    assert_eq!(visible(&versions), ["x/lamp~1.png", "x/lamp~1.txt", "x/lamp~2~1.png"]);
    assert_eq!(fs::read(versions.join("x/lamp~1.png")).unwrap(), png(1, 1, "old"));

    let third = stage(&*store, 3, &[&png(1, 1, "third")]);
    publish(&*store, &publication("x/lamp", third, None));
    assert_eq!(visible(root.path()), ["x/lamp.png"]);
    assert!(versions.join("x/lamp~2.jpg").exists(), "{:?}", visible(&versions));
}

pub fn what_stood_under_another_name_is_kept_as_a_version_too(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let old = stage(&*store, 1, &[&png(1, 1, "old"), &png(1, 1, "old second")]);
    let old = publish(&*store, &publication("x/lamp", old, Some("Old.")));
    let again = |attempt, name: &str| {
        let staged = stage(&*store, attempt, &[&jpeg(1, 1, attempt as usize)]);
        publish(&*store, &Publication { earlier: Some(old.clone()), ..publication(name, staged, None) });
    };
    again(2, "y/light");
    assert_eq!(visible(root.path()), ["y/light.jpg"]);
    let versions = root.path().join(".versions");
    assert_eq!(visible(&versions), ["x/lamp~1.png", "x/lamp~1.txt", "x/lamp~2~1.png"]);
    let others = stage(&*store, 3, &[&png(1, 1, "another's")]);
    publish(&*store, &publication("x/lamp", others, None));
    again(4, "z/light");
    assert!(root.path().join("x/lamp.png").exists(), "it is another's now");
}

pub fn a_sweep_leaves_what_was_received(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let received = stage(&*store, 1, &[&png(1, 1, "received")]);
    let dead = stage_half(&*store, 2, &[&png(1, 1, "dead")]);
    store.sweep(&[&received[0]]).unwrap();
    publish(&*store, &publication("lamp", received, None));
    let published = publish_all(&*store, &[publication("dead", dead, None)]);
    assert!(matches!(&published[0], Published::Vanished { .. }));
}

pub fn a_whole_answer_that_nobody_knows_is_not_swept_away(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    stage(&*store, 1, &[&png(1, 1, "paid")]);
    assert!(matches!(store.sweep(&[]), Err(StoreError::Unknown { answers: 1, .. })));
    assert_eq!(store.recover(&[sent(1)]).unwrap().len(), 1);
}

pub fn a_name_that_leaves_the_output_is_refused(open: Open) {
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("output");
    let store = open(&output);
    let staged = stage(&*store, 1, &[&png(1, 1, "a")]);
    for name in ["../lamp", "/lamp", "a/../../lamp", "a//b", "", ".staging/lamp"] {
        let refused = publish_fails(&*store, &publication(name, staged.clone(), None));
        assert!(refused.to_string().contains("choose another name"), "{name}");
    }
    assert!(visible(root.path()).is_empty());
}
