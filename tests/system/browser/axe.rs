//! The axe accessibility checks over the page that a browser shows. Never judges anything itself.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::driver::Browser;

/// Demands that axe finds nothing serious or critical on the page as it is now.
pub fn demand_accessible(browser: &Browser, what: &str) {
    let found = violations(browser);
    assert!(found.is_empty(), "{what}, by axe:\n{}", found.join("\n"));
}

/// What is serious or critical: the rule in words, where, and what is wrong there.
fn violations(browser: &Browser) -> Vec<String> {
    if browser.eval("!window.axe") == true {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("axe/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(&file);
        let axe = axe.unwrap_or_else(|error| panic!("{}: {error}; .ci/axe installs it", file.display()));
        // The page's policy lets no script in; what the driver runs is none of the page's.
        browser.eval(&format!("(() => {{ {axe} }})()"));
    }
    let report = browser.eval("axe.run(document, { resultTypes: ['violations'] })");
    let violations = report["violations"].as_array().unwrap_or_else(|| panic!("{report}"));
    let grave = violations.iter().filter(|found| found["impact"] == "serious" || found["impact"] == "critical");
    grave.flat_map(of_rule).collect()
}

fn of_rule(violation: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let place = |node: &Value| {
        let where_to = node["target"].to_string();
        format!(
            "{} ({}): {} at {where_to}: {}",
            text(&violation["help"]),
            text(&violation["impact"]),
            text(&violation["id"]),
            text(&node["failureSummary"])
        )
    };
    violation["nodes"].as_array().into_iter().flatten().map(place).collect()
}

/// Checks that say nothing of anything would pass everywhere.
#[test]
fn what_is_wrong_is_found() {
    let browser = Browser::start();
    browser.open("data:text/html,<!doctype html><html lang=en><title>x</title><main><h1>x</h1><img src=x>");
    let found = violations(&browser);
    assert!(found.len() == 1 && found[0].contains("image-alt"), "{found:?}");
}
