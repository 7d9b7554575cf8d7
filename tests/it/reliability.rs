//! Holds docs/reliability.md and docs/security.md to the tests that they name. Never judges what they test.

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
    let files = places.iter().flat_map(|place| {
        [format!("{path}.rs"), format!("{path}/mod.rs"), format!("{path}/tests.rs")].map(|file| place.join(file))
    });
    files.filter(|file| file.exists()).collect()
}

fn is_there(test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let declared = format!("fn {name}(");
    files(module).into_iter().any(|file| fs::read_to_string(file).unwrap().contains(&declared))
}

/// The tests that a point of a page names at its end, in backticks behind `Tests:` or `Test:`.
fn named(point: &str) -> Vec<&str> {
    let Some((_, names)) = point.split_once("Test: ").or_else(|| point.split_once("Tests: ")) else { return vec![] };
    let names = names.split('`').skip(1).step_by(2);
    names.filter(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':'))).collect()
}

/// Every source of a program or a test below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false if path.extension().is_some_and(|extension| extension == "rs") => {
            vec![fs::read_to_string(&path).unwrap()]
        }
        false => vec![],
    });
    texts.collect()
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let points: Vec<&str> = page.split("\n- **").skip(1).collect();
    let texts: Vec<String> = ["src", "tests"].iter().flat_map(|folder| sources(&root.join(folder))).collect();
    let is_one = |name: &str| texts.iter().any(|text| text.contains(&format!("fn {name}(")));
    let is_module = |name: &str| {
        let mut tests = files(name).into_iter().map(|file| fs::read_to_string(file).unwrap());
        tests.any(|text| text.contains("test]\n"))
    };
    let mut held = 0;
    for point in points {
        for name in named(point) {
            assert!(is_one(name) || is_module(name), "there is no test {name}");
            held += 1;
        }
    }
    assert!(held > 25, "{held}");
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
