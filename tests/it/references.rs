//! Reference images made ready to be sent: fetched once, turned, reduced, and told of when they cannot be had. Never over
//! any network but loopback.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use overnight::disk::ListFolder;
use overnight::provider::{ReferenceSource, Unready};
use overnight::references::{ReferenceCache, ReferenceImages, ReferenceSettings};
use overnight::reshape::Shape;
use tempfile::TempDir;

use crate::support::photo::{cut_out, decoded, on_its_side, photo};
use crate::support::server::{Play, Server, http};

const ANY_SIZE: Shape = Shape { rotate: false, reduce_to: None };

/// References of a list in this folder, whose requests go to `endpoint`.
fn images(folder: &TempDir, endpoint: &str, shape: Shape) -> ReferenceImages {
    ReferenceImages::new(ReferenceSettings {
        list: ListFolder::new(folder.path().to_owned(), false),
        cache: cache(folder),
        shape,
        endpoint: endpoint.to_owned(),
        ca_file: None,
        stand_ins: None,
    })
}

fn cache(folder: &TempDir) -> ReferenceCache {
    ReferenceCache::below(&folder.path().join(".overnight"))
}

/// What is sent for a reference.
async fn sent(images: &ReferenceImages, reference: &str) -> Result<Vec<u8>, Unready> {
    let ready = images.ready(reference).await?;
    Ok(fs::read(ready.folder.find(&ready.written).unwrap()).unwrap())
}

fn served(bytes: &[u8]) -> Play {
    Play::Reply(http(200, &[("content-type", "application/octet-stream")], bytes))
}

/// Everything in the cache, drafts too.
fn cached(folder: &TempDir) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder.path().join(".overnight/references")) else { return Vec::new() };
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn an_address_is_fetched_once_for_all_who_want_it_and_never_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start([served(&photo(40, 20))]));
    let address = format!("{}/cup.jpg?signature=s3cr3t", server.url());
    let first = images(&folder, &server.url(), ANY_SIZE);
    assert!(!cache(&folder).has(&address));
    for found in join_all((0..5).map(|_| sent(&first, &address))).await {
        assert_eq!(found.unwrap(), photo(40, 20), "byte for byte");
    }
    assert!(cache(&folder).has(&address) && !cache(&folder).has(&server.url()));
    let another_run = images(&folder, &server.url(), ANY_SIZE);
    assert_eq!(sent(&another_run, &address).await, Ok(photo(40, 20)));
    let seen = server.only();
    assert_eq!(seen.target(), "/cup.jpg?signature=s3cr3t");
    assert!(["authorization", "x-goog-api-key", "cookie", "referer"].iter().all(|name| seen.header(name).is_none()));
    assert_eq!(cached(&folder), [format!("{}.jpg", blake3::hash(address.as_bytes()).to_hex())]);
}

#[tokio::test]
async fn what_will_never_be_there_is_asked_for_once_and_told_without_its_signature() {
    let large = [photo(40, 20), vec![0; 7_000_000]].concat();
    for (play, told) in [
        (Play::Reply(http(404, &[], b"")), "cannot be had: HTTP 404; correct its address in the manifest"),
        (Play::Reply(http(410, &[], b"")), "cannot be had: HTTP 410"),
        (served(b"<html>log in first, please</html>"), "is no JPEG, PNG or WebP by its content"),
        (served(b""), "is no JPEG, PNG or WebP"),
        (served(&large), "has more than 7 MB; have it reduced"),
        (Play::Reply(http(302, &[("location", "http://10.0.0.1/")], b"")), "only public addresses are safe"),
    ] {
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::start([play]));
        let images = images(&folder, &server.url(), ANY_SIZE);
        for _ in 0..2 {
            let unready = sent(&images, &format!("{}/cup.jpg?signature=s3cr3t", server.url())).await.unwrap_err();
            assert!(unready.for_good && unready.message.contains(told), "{unready:?}");
            assert!(unready.message.starts_with("the picture at 127.0.0.1 ") && !unready.message.contains("s3cr3t"));
        }
        server.only();
        assert!(cached(&folder).is_empty(), "{:?}", cached(&folder));
    }
}

#[tokio::test]
async fn what_may_be_there_later_is_asked_for_again() {
    for play in [Play::Reply(http(503, &[], b"")), Play::Reply(http(403, &[], b"")), Play::Reset] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start([play, served(&photo(40, 20))]);
        let (images, address) = (images(&folder, &server.url(), ANY_SIZE), format!("{}/cup.jpg", server.url()));
        let unready = sent(&images, &address).await.unwrap_err();
        assert!(!unready.for_good && cached(&folder).is_empty(), "{unready:?}");
        assert_eq!(sent(&images, &address).await, Ok(photo(40, 20)));
    }
}

#[tokio::test]
async fn an_address_within_this_network_is_refused_unless_it_is_the_endpoints() {
    let (folder, inside) = (tempfile::tempdir().unwrap(), Server::start([served(&photo(40, 20))]));
    let images = images(&folder, "http://127.0.0.1:9", ANY_SIZE);
    let unready = sent(&images, &format!("{}/cup.jpg", inside.url())).await.unwrap_err();
    assert!(unready.for_good && unready.message.contains("only public addresses are safe"), "{unready:?}");
    assert!(inside.seen().is_empty());
}

/// What is sent of a file that holds this.
async fn sent_of(bytes: &[u8], shape: Shape) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), bytes);
    let images = images(&folder, "http://127.0.0.1:9", shape);
    let first = sent(&images, "a.jpg").await.unwrap();
    assert_eq!(sent(&images, "a.jpg").await.unwrap(), first);
    assert_eq!(cached(&folder).len(), usize::from(first != bytes), "once, and nothing that is sent as it is");
    first
}

fn write(folder: &Path, bytes: &[u8]) {
    fs::write(folder.join("a.jpg"), bytes).unwrap();
}

#[tokio::test]
async fn what_is_as_it_should_be_is_sent_byte_for_byte() {
    let both = Shape { rotate: true, reduce_to: Some(64) };
    for (bytes, shape) in [
        (on_its_side(40, 20), ANY_SIZE),
        (photo(200, 100), ANY_SIZE),
        (photo(64, 20), both),
        (cut_out(64, 20), both),
        (b"\xFF\xD8\xFF and nothing of use".to_vec(), both),
    ] {
        assert_eq!(sent_of(&bytes, shape).await, bytes);
    }
}

#[tokio::test]
async fn a_photo_on_its_side_is_sent_upright() {
    let rotate = Shape { rotate: true, reduce_to: None };
    let upright = sent_of(&on_its_side(40, 20), rotate).await;
    let picture = decoded(&upright).into_rgb8();
    assert_eq!(picture.dimensions(), (20, 40));
    // What was at the left is above once it was turned clockwise.
    let (above, below) = (picture.get_pixel(10, 5).0, picture.get_pixel(10, 35).0);
    assert!(above[0] > 180 && below[2] > 180, "{above:?} {below:?}");
    assert_eq!(sent_of(&upright, rotate).await, upright, "and stays so");
}

#[tokio::test]
async fn what_has_more_pixels_or_bytes_than_wanted_is_reduced_in_its_shape() {
    let reduce = Shape { rotate: false, reduce_to: Some(64) };
    let photo_sent = sent_of(&photo(200, 100), reduce).await;
    assert!(photo_sent.starts_with(b"\xFF\xD8\xFF"));
    let picture = decoded(&photo_sent);
    assert_eq!((picture.width(), picture.height()), (64, 32));
    let cut_out_sent = sent_of(&cut_out(100, 200), reduce).await;
    assert!(cut_out_sent.starts_with(b"\x89PNG"));
    let picture = decoded(&cut_out_sent).into_rgba8();
    assert_eq!((picture.dimensions(), picture.get_pixel(2, 9).0[3], picture.get_pixel(29, 9).0[3]), ((32, 64), 0, 255));
    let heavy = sent_of(&[photo(60, 30), vec![0; 7_000_001]].concat(), reduce).await;
    assert!(heavy.len() < 10_000 && decoded(&heavy).width() == 60);
    let turned_too = decoded(&sent_of(&on_its_side(200, 100), reduce).await);
    assert_eq!((turned_too.width(), turned_too.height()), (32, 64), "what is written anew has no note of its camera");
}

#[tokio::test]
async fn an_edited_file_is_reduced_anew_and_a_broken_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let images = images(&folder, "http://127.0.0.1:9", Shape { rotate: false, reduce_to: Some(64) });
    write(folder.path(), &photo(200, 100));
    sent(&images, "a.jpg").await.unwrap();
    write(folder.path(), &photo(100, 200));
    assert_eq!(decoded(&sent(&images, "a.jpg").await.unwrap()).height(), 64);
    let whole = cut_out(300, 100);
    write(folder.path(), &whole[..whole.len() / 2]);
    let unready = sent(&images, "a.jpg").await.unwrap_err();
    assert!(unready.for_good && unready.message.contains("a.jpg: its pixels cannot be read"), "{unready:?}");
}

#[tokio::test]
async fn what_was_fetched_is_reduced_too_and_may_be_larger_before() {
    let large = [photo(200, 100), vec![0; 8_000_000]].concat();
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start([served(&large)]));
    let address = format!("{}/cup.jpg", server.url());
    let reducing = images(&folder, &server.url(), Shape { rotate: true, reduce_to: Some(64) });
    assert_eq!(decoded(&sent(&reducing, &address).await.unwrap()).width(), 64);
    assert_eq!(cached(&folder).len(), 2, "as it came, and as it is sent");
    let as_it_is = images(&folder, &server.url(), ANY_SIZE);
    let unready = sent(&as_it_is, &address).await.unwrap_err();
    assert!(unready.for_good && unready.message.contains("has more than 7 MB"), "{unready:?}");
    server.only();
}

#[tokio::test]
async fn what_a_killed_process_or_a_stopped_machine_left_is_in_nobodys_way() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start([served(&photo(40, 20))]));
    let address = format!("{}/cup.jpg", server.url());
    let kept = folder.path().join(".overnight/references");
    fs::create_dir_all(&kept).unwrap();
    let empty = format!("{}.jpg", blake3::hash(address.as_bytes()).to_hex());
    for name in [empty.as_str(), ".old.1-0.part", ".new.1-0.part"] {
        fs::write(kept.join(name), "").unwrap();
    }
    let old = File::options().write(true).open(kept.join(".old.1-0.part")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(48 * 60 * 60)).unwrap();
    assert!(!cache(&folder).has(&address));
    assert_eq!(sent(&images(&folder, &server.url(), ANY_SIZE), &address).await, Ok(photo(40, 20)));
    let mut left = cached(&folder);
    left.sort();
    assert_eq!(left, [".new.1-0.part", empty.as_str()], "another may be at work");
}
