//! What the store on the local disk promises beyond the contract: crashes between its steps, links, foreign files.

use std::fs;
use std::path::Path;
use std::sync::Barrier;

use overnight::domain::{AttemptId, Digest, Mark, Reply, Sent};
use overnight::store::local::LocalStore;
use overnight::store::{ArtifactStore, Published, StoreError};

use crate::store_contract::store_contract;
use crate::support::staging::{
    jpeg, png, publication, publish, publish_all, publish_fails, sent, stage, stage_half, visible,
};

fn open(output: &Path) -> Box<dyn ArtifactStore> {
    Box::new(opened(output, "spring").unwrap())
}

fn opened(output: &Path, job: &str) -> Result<LocalStore, StoreError> {
    LocalStore::open(output, job, &Mark::new(MARK), 4)
}

const MARK: &str = "0123abcd";

store_contract!(open);

fn staged_files(root: &Path) -> Vec<String> {
    let mut files = visible(&root.join(".staging/spring"));
    files.retain(|file| file != "ballast");
    files
}

#[test]
fn jobs_that_begin_and_end_at_once_in_one_folder_are_in_nobodys_way() {
    let root = tempfile::tempdir().unwrap();
    let all_ready = Barrier::new(4);
    let begin_and_end = |job: &str| -> Vec<StoreError> {
        let rounds = (0..60).map(|round| {
            all_ready.wait();
            // Every fifth time they find no folder at all.
            opened(&root.path().join(format!("{}/output", round / 5)), job)
        });
        rounds.filter_map(Result::err).collect()
    };
    std::thread::scope(|scope| {
        let jobs = ["spring", "summer", "autumn", "winter"]
            .map(|job| (job, &begin_and_end))
            .map(|(job, act)| scope.spawn(move || act(job)));
        let troubles = jobs.map(|job| job.join().unwrap());
        assert!(troubles.iter().all(Vec::is_empty), "{troubles:?}");
    });
}

#[test]
fn the_output_folder_is_made_with_those_above_it() {
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("a/b/output");
    let store = open(&output);
    assert!(output.join(".staging/spring").is_dir());
    drop(store);
    assert!(output.is_dir() && !output.join(".staging").exists(), "empty staging does not stay");
}

#[test]
fn an_output_folder_that_cannot_be_made_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "in the way").unwrap();
    let error = opened(&root.path().join("file/output"), "spring").err().unwrap();
    assert!(matches!(error, StoreError::Output { .. }));
    assert!(error.to_string().contains("choose another with --output"), "{error}");
}

#[test]
fn a_job_cannot_stage_outside_its_output() {
    let root = tempfile::tempdir().unwrap();
    for job in ["../other", "..", "", "a/b"] {
        assert!(matches!(opened(root.path(), job), Err(StoreError::Name { .. })), "{job}");
    }
}

#[test]
fn jobs_that_share_an_output_folder_do_not_sweep_each_other() {
    let root = tempfile::tempdir().unwrap();
    let spring = open(root.path());
    let staged = stage(&*spring, 1, &[&png(1, 1, "a")]);
    opened(root.path(), "autumn").unwrap().sweep(&[]).unwrap();
    publish(&*spring, &publication("lamp", staged, None));
}

#[test]
fn staged_files_carry_the_attempt_and_vanish_as_they_are_discarded_dropped_or_published() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let mut staging = store.stage(sent(7)).unwrap();
    staging.begin().unwrap();
    staging.write(&png(1, 1, "draft")).unwrap();
    assert_eq!(staged_files(root.path()), ["0123abcd-7-1.part"]);
    staging.discard().unwrap();
    assert!(staged_files(root.path()).is_empty());
    staging.begin().unwrap();
    staging.write(b"no image").unwrap();
    assert!(staging.keep().is_err());
    assert!(staged_files(root.path()).is_empty(), "what is no image leaves no file");
    staging.begin().unwrap();
    drop(staging);
    assert!(staged_files(root.path()).is_empty());

    let staged = stage(&*store, 8, &[&png(1, 1, "a")]);
    assert_eq!(staged[0].staged, "0123abcd-8-1.part");
    publish(&*store, &publication("lamp", staged, Some("A lamp.")));
    assert!(staged_files(root.path()).is_empty());
}

#[test]
fn an_attempt_that_was_staged_before_is_not_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    stage(&*store, 1, &[&png(1, 1, "a")]);
    let error = store.stage(sent(1)).err().unwrap();
    assert!(error.to_string().contains("1-1.part"), "{error}");
}

#[test]
fn a_place_that_cannot_be_made_is_told_before_anything_is_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    fs::remove_dir_all(root.path().join(".staging")).unwrap();
    assert!(matches!(store.stage(sent(1)), Err(StoreError::Io { action: "create", .. })));
}

#[test]
fn two_runs_that_know_nothing_of_each_other_do_not_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let first = open(root.path());
    let refused = opened(root.path(), "spring").err().unwrap();
    assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
    drop(first);
    open(root.path());
}

#[test]
fn a_sweep_removes_all_that_is_not_received_but_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let received = stage(&*store, 1, &[&png(1, 1, "a"), &png(1, 1, "b")]);
    stage_half(&*store, 2, &[&png(1, 1, "dead")]);
    fs::write(root.path().join(".staging/spring/0123abcd-1-1.part.txt"), "half a capt").unwrap();
    fs::write(root.path().join("keep.jpg"), "published").unwrap();
    store.sweep(&received.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(staged_files(root.path()), ["0123abcd-1-1.part", "0123abcd-1-2.part"]);
    assert_eq!(visible(root.path()), ["keep.jpg"]);
}

/// Each case is the disk as a process leaves it that dies after so many steps of replacing `old` by `new`.
#[test]
fn a_publication_cut_short_at_any_step_goes_on_where_it_was() {
    let steps: [(&str, &str); 6] = [
        ("lamp~2.png", ".versions/lamp~2~1.png"),
        ("lamp.txt", ".versions/lamp~1.txt"),
        ("lamp.png", ".versions/lamp~1.png"),
        (".staging/spring/0123abcd-2-1.part.txt", "lamp.txt"),
        (".staging/spring/0123abcd-2-1.part", "lamp.jpg"),
        (".staging/spring/0123abcd-2-2.part", "lamp~2.png"),
    ];
    for done in 0..=steps.len() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path());
        let old = stage(&*store, 1, &[&png(1, 1, "old"), &png(1, 1, "old second")]);
        publish(&*store, &publication("lamp", old, Some("Old.")));
        let new = stage(&*store, 2, &[&jpeg(1, 1, 0), &png(1, 1, "new second")]);
        fs::write(root.path().join(".staging/spring/0123abcd-2-1.part.txt"), "New.").unwrap();
        fs::create_dir(root.path().join(".versions")).unwrap();
        for (from, to) in &steps[..done] {
            fs::rename(root.path().join(from), root.path().join(to)).unwrap();
        }

        drop(store);
        let artifact = publish(&*open(root.path()), &publication("lamp", new, Some("New.")));
        assert_eq!(artifact.images[1].file, "lamp~2.png");
        assert_eq!(visible(root.path()), ["lamp.jpg", "lamp.txt", "lamp~2.png"], "after {done} steps");
        assert_eq!(fs::read(root.path().join("lamp.jpg")).unwrap(), jpeg(1, 1, 0));
        assert_eq!(fs::read(root.path().join("lamp.txt")).unwrap(), b"New.");
        assert_eq!(fs::read(root.path().join("lamp~2.png")).unwrap(), png(1, 1, "new second"));
        let versions = visible(&root.path().join(".versions"));
        assert_eq!(versions, ["lamp~1.png", "lamp~1.txt", "lamp~2~1.png"], "after {done} steps");
    }
}

#[test]
fn a_staged_file_that_was_cut_is_as_good_as_gone() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let staged = stage(&*store, 1, &[&png(1, 1, "whole")]);
    fs::write(root.path().join(".staging/spring/0123abcd-1-1.part"), "").unwrap();
    let published = publish_all(&*store, &[publication("lamp", staged, None)]);
    assert!(matches!(&published[0], Published::Vanished { staged } if staged == "0123abcd-1-1.part"));
    assert!(visible(root.path()).is_empty());
}

#[test]
fn a_published_file_that_was_changed_since_is_not_taken_for_ours() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let publication = publication("lamp", stage(&*store, 1, &[&png(1, 1, "ours")]), None);
    publish(&*store, &publication);
    fs::write(root.path().join("lamp.png"), png(1, 1, "hers")).unwrap();
    let published = publish_all(&*store, &[publication]);
    assert!(matches!(&published[0], Published::Vanished { .. }));
    assert_eq!(fs::read(root.path().join("lamp.png")).unwrap(), png(1, 1, "hers"));
}

#[test]
fn a_foreign_file_at_the_final_name_moves_to_the_versions() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    fs::write(root.path().join("lamp.v2.png"), "somebody's").unwrap();
    fs::write(root.path().join("lamp.v2.txt"), "notes").unwrap();
    fs::write(root.path().join("lamp.png"), "another item's").unwrap();
    publish(&*store, &publication("lamp.v2", stage(&*store, 1, &[&png(1, 1, "a")]), None));
    assert_eq!(visible(root.path()), ["lamp.png", "lamp.v2.png"]);
    let versions = root.path().join(".versions");
    assert_eq!(fs::read(versions.join("lamp.v2~1.png")).unwrap(), b"somebody's");
    assert_eq!(fs::read(versions.join("lamp.v2~1.txt")).unwrap(), b"notes");
}

#[test]
fn a_name_that_looks_like_a_file_of_another_item_disturbs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let batch = [
        publication("lamp", stage(&*store, 1, &[&png(1, 1, "a")]), None),
        publication("lamp.png", stage(&*store, 2, &[&png(1, 1, "b")]), Some("B.")),
        publication("lamp.jpg/red", stage(&*store, 3, &[&png(1, 1, "c")]), None),
    ];
    publish_all(&*store, &batch);
    publish(&*store, &publication("lamp", stage(&*store, 4, &[&png(1, 1, "d")]), None));
    assert_eq!(visible(root.path()), ["lamp.jpg/red.png", "lamp.png", "lamp.png.png", "lamp.png.txt"]);
}

#[test]
fn the_same_bytes_again_make_no_version() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    for attempt in [1, 2] {
        let staged = stage(&*store, attempt, &[&png(1, 1, "same")]);
        publish(&*store, &publication("lamp", staged, Some("Same.")));
    }
    assert!(!root.path().join(".versions").exists());
    assert!(staged_files(root.path()).is_empty());
}

#[test]
fn a_large_batch_is_published_in_order() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let batch: Vec<_> = (0..50)
        .map(|number| {
            let staged = stage(&*store, number, &[&png(1, 1, &number.to_string())]);
            publication(&format!("{}/{number}", number % 3), staged, Some("Words."))
        })
        .collect();
    for (wanted, published) in batch.iter().zip(publish_all(&*store, &batch)) {
        let Published::Kept(artifact) = published else { panic!("vanished") };
        assert_eq!(artifact.images[0].file, format!("{}.png", wanted.name));
    }
    assert_eq!(visible(root.path()).len(), 100);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_output_folder_is_refused_and_one_inside_is_followed() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("output");
    let store = open(&output);
    let outside = root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(output.join("inside")).unwrap();
    symlink(&outside, output.join("out")).unwrap();
    symlink("inside", output.join("in")).unwrap();
    let staged = stage(&*store, 1, &[&png(1, 1, "a")]);
    let error = publish_fails(&*store, &publication("out/lamp", staged.clone(), None));
    assert!(matches!(error, StoreError::Outside { .. }), "{error}");
    assert!(visible(&outside).is_empty());
    publish(&*store, &publication("in/lamp", staged, None));
    assert!(output.join("inside/lamp.png").exists());
}

#[cfg(unix)]
#[test]
fn a_published_file_is_readable_as_the_users_umask_says() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    fs::write(root.path().join("plain"), "").unwrap();
    publish(&*store, &publication("lamp", stage(&*store, 1, &[&png(1, 1, "a")]), None));
    let mode = |file: &str| fs::metadata(root.path().join(file)).unwrap().permissions().mode();
    assert_eq!(mode("lamp.png"), mode("plain"));
}

#[test]
fn a_file_where_a_folder_is_needed_stops_with_its_name_and_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    fs::write(root.path().join("red"), "a file").unwrap();
    let publication = publication("red/lamp", stage(&*store, 1, &[&png(1, 1, "a")]), None);
    let error = publish_fails(&*store, &publication).to_string();
    assert!(error.contains("red") && error.contains("the same command"), "{error}");
    fs::remove_file(root.path().join("red")).unwrap();
    publish(&*store, &publication);
}

/// Each case changes what a process left that died after its answer's last byte; only the first leaves it whole.
#[test]
fn what_is_written_down_of_an_answer_is_believed_as_far_as_its_bytes_bear_it_out() {
    let image = png(1, 1, "lamp");
    let cases: [(&str, &str, &[u8], bool); 6] = [
        ("as it was left", "unrelated.part", b"", true),
        ("a note cut short", "0123abcd-1.receipt", b"{\"images\":[", false),
        ("an empty note", "0123abcd-1.receipt", b"", false),
        ("an image cut short", "0123abcd-1-1.part", &image[..image.len() - 1], false),
        ("an image that grew", "0123abcd-1-1.part", &[&image[..], b"!"].concat(), false),
        ("other bytes", "0123abcd-1-1.part", &png(1, 1, "lamb"), false),
    ];
    for (case, file, bytes, is_whole) in cases {
        let root = tempfile::tempdir().unwrap();
        stage(&*open(root.path()), 1, &[&image]);
        fs::write(root.path().join(".staging/spring").join(file), bytes).unwrap();
        let found = open(root.path()).recover(&[sent(1)]).unwrap();
        assert_eq!(found.len(), usize::from(is_whole), "{case}");
    }
}

#[test]
fn an_answer_to_another_request_is_no_answer_and_is_not_swept_away() {
    let root = tempfile::tempdir().unwrap();
    stage(&*open(root.path()), 1, &[&png(1, 1, "lamp")]);
    let store = open(root.path());
    let other = Sent { digest: Digest([8; 32]), ..sent(1) };
    assert_eq!(store.recover(&[other]).unwrap(), []);
    assert!(matches!(store.sweep(&[]), Err(StoreError::Unknown { answers: 1, .. })));
    assert_eq!(store.recover(&[sent(1)]).unwrap().len(), 1);
}

#[test]
fn another_workspace_neither_takes_nor_sweeps_what_is_not_its_own() {
    let root = tempfile::tempdir().unwrap();
    stage(&*open(root.path()), 1, &[&png(1, 1, "lamp")]);
    let other = LocalStore::open(root.path(), "spring", &Mark::new("ffff0000"), 4).unwrap();
    assert_eq!(other.recover(&[sent(1)]).unwrap(), []);
    other.sweep(&[]).unwrap();
    drop(other);
    assert_eq!(open(root.path()).recover(&[sent(1)]).unwrap().len(), 1);
}

#[test]
fn an_answer_that_is_on_its_way_is_kept_also_where_its_folder_is_moved_meanwhile() {
    let root = tempfile::tempdir().unwrap();
    let (output, moved) = (root.path().join("output"), root.path().join("moved"));
    let store = open(&output);
    let mut staging = store.stage(sent(1)).unwrap();
    staging.begin().unwrap();
    fs::rename(&output, &moved).unwrap();
    staging.write(&png(1, 1, "lamp")).unwrap();
    staging.keep().unwrap();
    let receipt = staging.finish(Reply::default());
    assert!(store.sync(&[&receipt.images[0]]).remove(0).is_ok());
    drop(store);
    fs::rename(&moved, &output).unwrap();
    assert_eq!(open(&output).recover(&[sent(1)]).unwrap(), [(AttemptId(1), receipt)]);
}

#[test]
fn staging_is_nobody_elses_and_pictures_are_as_the_umask_has_them() {
    use std::os::unix::fs::MetadataExt;
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let staged = stage(&*store, 1, &[&png(1, 1, "lamp")]);
    let mode = |file: &str| fs::metadata(root.path().join(file)).unwrap().mode() & 0o777;
    for file in ["0123abcd-1-1.part", "0123abcd-1.receipt", "ballast"] {
        assert_eq!(mode(&format!(".staging/spring/{file}")), 0o600, "{file}");
    }
    assert_eq!(mode(".staging/spring"), 0o700);
    fs::write(root.path().join("as the umask has it"), "").unwrap();
    publish(&*store, &publication("lamp", staged, Some("A lamp.")));
    for file in ["lamp.png", "lamp.txt"] {
        assert_eq!(mode(file), mode("as the umask has it"), "{file}");
    }
}
