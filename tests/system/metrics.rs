//! What `promtool`, which comes with Prometheus, says of the metrics. Never judges them itself.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::gate::{Gate, prompt, small_picture};
use crate::support::scrape::scrape;
use crate::support::server::{Seen, http};
use crate::support::workspace::Workspace;

/// Lets it look for mistakes and for what is not its custom.
fn check(page: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn().expect("promtool, of the package `prometheus`");
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success() && said.iter().all(String::is_empty), "{said:?}\n{page}");
}

/// What a server says to a request: among pictures once that it is asked too often, once that it is busy, and of a seventh
/// item that it draws nothing like this.
fn faulty() -> impl Fn(&Seen) -> Vec<u8> {
    let (asked, picture) = (AtomicUsize::new(0), small_picture());
    let json = |status, body: &str| http(status, &[("content-type", "application/json")], body.as_bytes());
    move |seen| match (prompt(seen).ends_with('7'), asked.fetch_add(1, Ordering::SeqCst)) {
        (true, _) => json(200, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#),
        (false, 1) => json(429, "{}"),
        (false, 3) => json(503, "{}"),
        _ => json(200, &picture),
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let here = Workspace::with_list(8);
    let gate = Gate::before(faulty());
    // A name that has to be escaped.
    let words = "run list.csv --metrics 127.0.0.1:0 --metrics-file list.prom --name";
    let run = here.overnight(words).arg("käse-'7'").arg("--concurrency=4").at(&gate.url()).start();
    let address = run.says_line("metrics at http://").trim_start_matches("metrics at http://").replace("/metrics", "");
    // So many were answered, well or not, and others are on their way for as long as it is looked at.
    gate.open_to(4);
    gate.wait_for(5);
    check(&scrape(&address));
    gate.open();
    run.end().exits(3);
    check(&here.read("list.prom"));
}
