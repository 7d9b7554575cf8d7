//! Reference images on their way to the server: whole, as they are at that moment, and never as part of a request that
//! only looks whole.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use overnight::domain::{Auth, FailureKind, Reach, Request};
use overnight::provider::AskError;
use overnight::provider::gemini::{Gemini, GeminiSettings};

use crate::support::gate::Gate;
use crate::support::gemini::{answer, ask, base64, image_part, jpeg, list_folder, png, provider_in, settings, sunset};
use crate::support::server::{Play, Seen, Server, json};

/// Bytes of a file that are encoded at once.
const BLOCK: usize = 48 * 1024;

fn good() -> Play {
    json(200, &answer(&image_part(&png(9)), "STOP"))
}

fn with_references(references: &[&str]) -> Request {
    Request { references: references.iter().map(|name| (*name).to_owned()).collect(), ..sunset() }
}

/// Writes a file, and when it was last written: that decides whether it may be kept in memory.
fn write(folder: &Path, name: &str, bytes: &[u8], written: SystemTime) {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
}

fn minutes_ago(minutes: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(60 * minutes)
}

/// As a file that is still being written: never kept in memory, however slow the test is.
fn not_yet() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

/// What a request carried as its references, in base64.
fn carried(seen: &Seen) -> Vec<String> {
    let body = seen.json();
    let parts = body["contents"][0]["parts"].as_array().unwrap();
    parts[1..].iter().map(|part| part["inline_data"]["data"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_body_has_its_length_in_front_and_every_reference_whole() {
    let folder = tempfile::tempdir().unwrap();
    // Padded by none, one and two characters; as long as one block and as three; kept in memory, and not.
    let pictures = [png(500), png(501), png(502), jpeg(BLOCK - 13), png(3 * BLOCK), jpeg(400_000)];
    let names: Vec<String> = (0..pictures.len()).map(|number| number.to_string()).collect();
    for (number, picture) in pictures.iter().enumerate() {
        let written = if number % 2 == 0 { minutes_ago(60) } else { not_yet() };
        write(folder.path(), &names[number], picture, written);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let server = Server::start([good(), good()]);
    let gemini = provider_in(&server, folder.path());
    for _ in 0..2 {
        ask(&gemini, &with_references(&names)).await.0.unwrap();
    }
    for seen in server.seen() {
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
        assert_eq!(seen.header("transfer-encoding"), None);
        assert_eq!(carried(&seen), pictures.each_ref().map(|picture| base64(picture)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_carry_the_same_reference_whole() {
    let folder = tempfile::tempdir().unwrap();
    let style = jpeg(300_000);
    write(folder.path(), "style.jpg", &style, minutes_ago(60));
    let gate = Arc::new(Gate::shut());
    let in_folder = GeminiSettings { references: list_folder(folder.path()), ..settings(&gate.url(), Auth::Header) };
    let gemini = Gemini::new(in_folder).unwrap();
    let request = with_references(&["style.jpg"]);
    let opening = Arc::clone(&gate);
    let opened = thread::spawn(move || {
        opening.wait_for(50);
        opening.open();
    });
    let answers = join_all((0..50).map(|_| ask(&gemini, &request))).await;
    opened.join().unwrap();
    assert!(answers.iter().all(|(result, _)| result.is_ok()));
    assert!(gate.seen().iter().all(|seen| carried(seen) == [base64(&style)]));
}

#[tokio::test]
async fn an_edited_reference_is_sent_as_edited() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start([good(), good(), good()]);
    let gemini = provider_in(&server, folder.path());
    // Of one length: only the times tell one from the other.
    let [first, second, third] = [1, 2, 3].map(|filling| [b"\xFF\xD8\xFF", [filling; 5_000].as_slice()].concat());
    for (picture, written) in [(&first, minutes_ago(60)), (&second, minutes_ago(30)), (&third, not_yet())] {
        write(folder.path(), "a.jpg", picture, written);
        ask(&gemini, &with_references(&["a.jpg"])).await.0.unwrap();
    }
    let sent: Vec<_> = server.seen().iter().flat_map(carried).collect();
    assert_eq!(sent, [base64(&first), base64(&second), base64(&third)]);
}

/// A server that reads the head of one request and then, when it is told to, the rest.
struct Slow {
    url: String,
    /// Comes when the head was read.
    head: Receiver<()>,
    go_on: Sender<()>,
    /// The length that the head declared, and the bytes that came.
    serving: JoinHandle<io::Result<(usize, usize)>>,
}

impl Slow {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (head_read, head) = channel();
        let (go_on, told) = channel();
        let serving = thread::spawn(move || {
            let mut reader = BufReader::new(listener.accept()?.0);
            let declared = declared_length(&mut reader)?;
            head_read.send(()).ok();
            told.recv().ok();
            let mut body = Vec::new();
            // However the connection ends, what counts is how much came before.
            reader.read_to_end(&mut body).ok();
            Ok((declared, body.len()))
        });
        Self { url, head, go_on, serving }
    }
}

fn declared_length(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut length = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok(),
            Some(_) => (),
            None if line.starts_with("POST") => (),
            None => return length.ok_or_else(|| io::Error::other("no length was declared")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_changes_while_it_is_sent_ends_the_request_unsent_and_is_named() {
    let changes: [fn(&Path); 3] = [
        |path| File::options().write(true).open(path).unwrap().set_len(6_000_000).unwrap(),
        |path| File::options().write(true).open(path).unwrap().set_len(6_900_004).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        // More than the connection takes while nobody reads, and the one that changes comes last.
        let photo = [b"\xFF\xD8\xFF", vec![7; 6_900_000].as_slice()].concat();
        for name in ["a.jpg", "b.jpg", "c.jpg", "last.jpg"] {
            write(folder.path(), name, &photo, not_yet());
        }
        let server = Slow::start();
        let in_folder =
            GeminiSettings { references: list_folder(folder.path()), ..settings(&server.url, Auth::Header) };
        let gemini = Gemini::new(in_folder).unwrap();
        let request = with_references(&["a.jpg", "b.jpg", "c.jpg", "last.jpg"]);
        let asking = tokio::spawn(async move { ask(&gemini, &request).await.0 });
        tokio::task::block_in_place(|| server.head.recv().unwrap());
        change(&folder.path().join("last.jpg"));
        server.go_on.send(()).unwrap();
        let result = asking.await.unwrap();
        let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
        assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Unsent), "{failure:?}");
        let told = &failure.message;
        assert!(told.contains("last.jpg") && told.contains("leave it in place and unchanged"), "{told}");
        let (declared, came) = server.serving.join().unwrap().unwrap();
        assert!(came < declared, "{came} of {declared} bytes look like a whole request");
    }
}
