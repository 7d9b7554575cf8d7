//! What `promtool`, which comes with Prometheus, says of the metrics. Never judges them itself.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::scrape::scrape;
use crate::support::simulated::Simulated;
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

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let here = Workspace::with_list(40);
    let simulator = Simulated::with_faults(&["503=10%", "429=5%", "refused=5%", "cut=4%"]);
    // A name that has to be escaped.
    let words = "run list.csv --metrics 127.0.0.1:0 --metrics-file list.prom --name";
    let run = here.overnight(words).arg("käse-'7'").at(&simulator.url()).start();
    let address = run.says_line("metrics at http://").trim_start_matches("metrics at http://").replace("/metrics", "");
    check(&scrape(&address));
    run.end().exits(3);
    check(&here.read("list.prom"));
}
