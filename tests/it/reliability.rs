//! Holds docs/reliability.md to the tests that it names. Never judges what they test.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the page's tables, by their cells.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| fault |"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Where a module's tests may stand: `a` in a binary of tests, `a::b::tests` in the source.
fn files(module: &str) -> Vec<PathBuf> {
    let path = module.trim_end_matches("::tests").replace("::", "/");
    let places = ["tests/it", "tests/system", "src"].map(|root| Path::new(env!("CARGO_MANIFEST_DIR")).join(root));
    let files = places.iter().flat_map(|place| [place.join(format!("{path}.rs")), place.join(&path).join("mod.rs")]);
    files.filter(|file| file.exists()).collect()
}

fn is_there(test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let declared = format!("fn {name}(");
    files(module).into_iter().any(|file| fs::read_to_string(file).unwrap().contains(&declared))
}

#[test]
fn every_fault_has_a_test_that_is_there() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")).unwrap();
    let rows = rows(&page);
    assert!(rows.len() > 40, "{}", rows.len());
    for row in rows {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let tests: Vec<&str> = row[3].split(", ").map(|test| test.trim_matches('`')).collect();
        for test in tests {
            assert!(is_there(test), "{}: there is no test {test}", row[0]);
        }
    }
}
