//! What a job file, flags and paths mean together. Never reads a manifest.

use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use overnight::domain::{AspectRatio, Auth, OnLost};
use overnight::job::RowFormat;
use overnight::job::shape::SHAPING_KEYS;
use overnight::job::{Fault, Job, JobError, JobFile, KeyError, KeySource, ManifestFormat, Options, Workspace};
use secrecy::ExposeSecret;

/// A command line with nothing but the options of a run.
#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    options: Options,
}

fn flags(words: &[&str]) -> Options {
    CommandLine::try_parse_from([&["overnight"], words].concat()).unwrap().options
}

/// A folder with these files in it; job files without a manifest key get one.
fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load(folder: &Path, target: &str, words: &[&str]) -> Job {
    Job::load(Path::new(target), &flags(words), folder).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    JobFile::parse(text, "jobs/a.toml").unwrap_err().iter().map(Fault::to_string).collect()
}

#[test]
fn a_bare_manifest_is_a_job_with_every_default() {
    let folder = workspace(&[]);
    let here = folder.path();
    let job = load(here, "lists/products.csv", &[]);
    assert_eq!((job.name.as_str(), job.file), ("products", None));
    assert_eq!(job.manifest, here.join("lists/products.csv"));
    assert_eq!(job.manifest_shown, "lists/products.csv");
    assert_eq!(job.workspace, here, "the current directory, not the manifest's");
    assert_eq!(job.output, here.join("output/products"));
    assert_eq!(job.db, here.join("overnight.db"));
    assert_eq!((job.base_url.as_str(), job.auth), ("https://www.anyfast.ai", Auth::Query));
    assert_eq!(job.key, KeySource::Env("OVERNIGHT_API_KEY".into()));
    assert_eq!(job.defaults.model.as_str(), "gemini-3.1-flash-lite-image");
    assert_eq!((job.defaults.aspect_ratio, job.defaults.image_size.as_str()), (None, "1K"));
    assert_eq!((job.concurrency.to_string(), job.rpm, job.max_attempts.get()), ("1-64".to_owned(), None, 6));
    assert_eq!(job.request_timeout, Duration::from_secs(180));
    assert_eq!(job.connect_timeout, Duration::from_secs(10));
    assert_eq!((job.limit, job.halt_after, job.on_lost), (None, None, OnLost::Resend));
}

#[test]
fn paths_in_a_job_file_start_at_the_file_and_defaults_lie_above_the_jobs_folder() {
    let text = "manifest = '../spring.csv'\napi_key_file = 'key'\n";
    let folder = workspace(&[("shop/jobs/nightly.toml", text)]);
    let shop = folder.path().join("shop");
    let elsewhere = load(folder.path(), "shop/jobs/nightly.toml", &[]);
    assert_eq!(elsewhere.name, "nightly");
    assert_eq!(elsewhere.manifest, shop.join("spring.csv"));
    assert_eq!(elsewhere.references_folder().path(), shop);
    assert_eq!(elsewhere.key, KeySource::File(shop.join("jobs/key")));
    assert_eq!(elsewhere.workspace, shop);
    assert_eq!(elsewhere.db, shop.join("overnight.db"));
    assert_eq!(elsewhere.output, shop.join("output/nightly"));
    for (current, target) in
        [("shop", "jobs/nightly.toml"), ("shop/jobs", "nightly.toml"), ("shop/jobs", "../jobs/./nightly.toml")]
    {
        let there = load(&folder.path().join(current), target, &[]);
        assert_eq!((&there.db, &there.output), (&elsewhere.db, &elsewhere.output), "from {current}");
    }
}

#[test]
fn a_job_file_outside_a_jobs_folder_has_its_own_folder_as_workspace() {
    let folder =
        workspace(&[("shop/nightly.toml", "manifest = 'a.csv'"), ("shop/jobs/spring/a.toml", "manifest = 'a.csv'")]);
    assert_eq!(load(folder.path(), "shop/nightly.toml", &[]).workspace, folder.path().join("shop"));
    let nested = load(folder.path(), "shop/jobs/spring/a.toml", &[]);
    assert_eq!(nested.workspace, folder.path().join("shop/jobs/spring"));
}

#[test]
fn paths_on_the_command_line_start_at_the_current_directory() {
    let folder = workspace(&[("shop/jobs/a.toml", "manifest = 'a.csv'\noutput = 'pictures'\ndb = 'a.db'")]);
    let job = load(folder.path(), "shop/jobs/a.toml", &["-o", "out", "--api-key-file", "key"]);
    assert_eq!(job.output, folder.path().join("out"));
    assert_eq!(job.key, KeySource::File(folder.path().join("key")));
    assert_eq!(job.db, folder.path().join("shop/jobs/a.db"));
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_default() {
    let text = "manifest = 'a.csv'\naspect_ratio = '4:5'\nconcurrency = 3\nrpm = 300\nrequest_timeout = '3m'\n\
                halt_after = '5%'\non_lost = 'hold'\nauth = 'bearer'\nname = 'spring'\nsystem_instruction = 'Plain.'";
    let folder = workspace(&[("a.toml", text)]);
    let job = load(folder.path(), "a.toml", &["--aspect-ratio", "1:1", "-c", "9", "--halt-after", "7"]);
    assert_eq!(job.defaults.aspect_ratio, Some(AspectRatio::Square));
    assert_eq!((job.concurrency.to_string(), job.rpm.unwrap().get()), ("9".to_owned(), 300));
    assert_eq!(job.halt_after.unwrap().to_string(), "7");
    assert_eq!((job.request_timeout, job.connect_timeout), (Duration::from_secs(180), Duration::from_secs(10)));
    assert_eq!((job.on_lost, job.auth, job.name.as_str()), (OnLost::Hold, Auth::Bearer, "spring"));
    assert_eq!(job.output, folder.path().join("output/spring"));
    assert_eq!(job.defaults.system_instruction.as_deref(), Some("Plain."));
}

#[test]
fn a_place_for_the_key_on_the_command_line_replaces_the_files() {
    let folder = workspace(&[("jobs/a.toml", "manifest = 'a.csv'\napi_key_command = 'pass show key'")]);
    let command = KeySource::Command { command: "pass show key".to_owned().into(), folder: folder.path().join("jobs") };
    assert_eq!(load(folder.path(), "jobs/a.toml", &[]).key, command);
    let job = load(folder.path(), "jobs/a.toml", &["--api-key-env", "OTHER"]);
    assert_eq!(job.key, KeySource::Env("OTHER".into()));
    let both = flags(&["--api-key-env", "A", "--api-key-file", "b"]);
    let error = Job::load(Path::new("jobs/a.toml"), &both, folder.path()).unwrap_err().to_string();
    assert!(error.contains("several places for the key"), "{error}");
}

#[test]
fn a_command_for_the_key_is_never_shown() {
    let folder = workspace(&[]);
    let options = flags(&["--api-key-command", "echo s3cret; exit 1"]);
    let job = Job::load(Path::new("a.csv"), &options, folder.path()).unwrap();
    let shown = format!("{options:?} {job:?} {}", job.key.read().unwrap_err());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_link_before_two_dots_is_followed_as_the_file_system_does_it() {
    let folder = workspace(&[("real/jobs/a.toml", "manifest = '../a.csv'"), ("shop/x", "")]);
    let here = folder.path().canonicalize().unwrap();
    std::os::unix::fs::symlink(here.join("real/jobs"), here.join("shop/jobs")).unwrap();
    let job = load(&here, "shop/jobs/a.toml", &[]);
    assert_eq!(job.manifest, here.join("real/a.csv"), "what opening the path would give");
    assert_eq!(job.db, here.join("shop/overnight.db"), "the workspace is where the person sees it");
}

#[test]
fn another_host_gets_the_key_in_a_header() {
    let folder = workspace(&[]);
    let job = load(folder.path(), "a.csv", &["--base-url", "http://127.0.0.1:9/gemini/"]);
    assert_eq!((job.base_url.as_str(), job.auth), ("http://127.0.0.1:9/gemini", Auth::Header));
    let job = load(folder.path(), "a.csv", &["--base-url", "http://127.0.0.1:9", "--auth", "query"]);
    assert_eq!(job.auth, Auth::Query);
}

#[test]
fn a_rehearsal_keeps_its_own_database_and_pictures() {
    let folder = workspace(&[("a.toml", "manifest = 'a.csv'\nrehearse = true")]);
    let job = load(folder.path(), "demo.csv", &["--rehearse"]);
    assert_eq!(job.db, folder.path().join("overnight-rehearsal.db"));
    assert_eq!(job.output, folder.path().join("output/demo-rehearsal"));
    let job = load(folder.path(), "demo.csv", &["--rehearse", "--db", "x/a.b.db", "-o", "v1.2/"]);
    assert_eq!(job.db, folder.path().join("x/a.b-rehearsal.db"));
    assert_eq!(job.output, folder.path().join("v1.2-rehearsal"));
    assert!(load(folder.path(), "a.toml", &[]).rehearse, "a job file may say so");
    assert!(!load(folder.path(), "a.toml", &["--rehearse=false"]).rehearse, "and the command line wins");
}

#[test]
fn a_manifest_on_standard_input_needs_a_name_and_a_format() {
    let folder = workspace(&[("shop/jobs/a.toml", "manifest = '-'\nmanifest_format = 'jsonl'")]);
    let here = folder.path();
    let refused = |words: &[&str]| Job::load(Path::new("-"), &flags(words), here).unwrap_err().to_string();
    assert!(refused(&["--manifest-format", "csv"]).contains("name it with --name"));
    assert!(refused(&["--name", "spring"]).contains("--manifest-format csv, tsv, jsonl or xlsx"));
    let job = load(here, "-", &["--name", "spring", "--manifest-format", "csv"]);
    assert_eq!((job.name.as_str(), job.manifest.as_path()), ("spring", Path::new("-")));
    assert_eq!((job.manifest_shown.as_str(), job.reads_stdin()), ("<stdin>", true));
    assert_eq!((job.workspace.as_path(), job.references_folder().path()), (here, here));
    let job = load(here, "shop/jobs/a.toml", &[]);
    assert_eq!((job.name.as_str(), job.reads_stdin()), ("a", true), "a job file names its job");
    assert_eq!((job.references_folder().path(), job.workspace), (here, here.join("shop")));
}

#[test]
fn a_compressed_manifest_names_its_job_as_the_plain_one_does() {
    let folder = workspace(&[]);
    for target in ["spring.csv", "spring.csv.gz", "spring.JSONL.GZ", "lists/spring.tsv.gz"] {
        assert_eq!(load(folder.path(), target, &[]).name, "spring", "{target}");
    }
    assert_eq!(load(folder.path(), "spring.2.csv.gz", &[]).name, "spring.2");
}

#[test]
fn a_job_is_found_by_its_name_or_by_its_path() {
    let folder = workspace(&[("shop/jobs/a.toml", "manifest = 'a.csv'\nname = 'spring'\ndb = '../s.db'")]);
    let here = folder.path();
    let workspace = Workspace { db: None, rehearse: None, current_dir: here };
    let found = |workspace: Workspace, job| {
        let located = workspace.locate(job).unwrap();
        (located.name, located.db)
    };
    assert_eq!(found(workspace, "spring"), ("spring".to_owned(), here.join("overnight.db")));
    assert_eq!(found(workspace, "shop/jobs/a.toml"), ("spring".to_owned(), here.join("shop/s.db")));
    assert_eq!(found(workspace, "lists/products.csv"), ("products".to_owned(), here.join("overnight.db")));
    let named = Workspace { db: Some(Path::new("o.db")), ..workspace };
    let rehearsal = Workspace { rehearse: Some(true), ..workspace };
    for job in ["spring", "shop/jobs/a.toml"] {
        assert_eq!(found(named, job).1, here.join("o.db"));
    }
    assert_eq!(found(rehearsal, "spring").1, here.join("overnight-rehearsal.db"));
    assert_eq!(found(rehearsal, "shop/jobs/a.toml").1, here.join("shop/s-rehearsal.db"));
}

#[test]
fn what_is_no_manifest_by_its_name_is_refused_unless_someone_says_what_it_is() {
    let folder = workspace(&[("a.toml", "manifest = 'a.zip'")]);
    for target in ["a.docx", "a", "a.gz", "./-", "a.toml"] {
        let error = Job::load(Path::new(target), &Options::default(), folder.path()).unwrap_err().to_string();
        assert!(
            error.ends_with(
                ".csv, .tsv, .jsonl or .ndjson, each also with .gz, or in .xlsx, or say what it is with --manifest-format"
            ),
            "{error}"
        );
        let job = load(folder.path(), target, &["--manifest-format", "tsv.gz"]);
        assert_eq!(job.manifest_format, ManifestFormat { rows: RowFormat::Tsv, gzip: true }, "{target}");
    }
    let error = Job::load(Path::new("none.toml"), &Options::default(), folder.path()).unwrap_err();
    assert!(error.to_string().starts_with("none.toml cannot be read"), "{error}");
}

#[test]
fn every_unknown_key_is_told_at_its_line_with_the_nearest_known_one() {
    let text = "manifest = 'a.csv'\n\naspect-ratio = '4:5'\nconcurency = 3\n  zzz = 1\n[templates]\nprompt = 'x'\n";
    let faults = faults(text);
    assert_eq!(faults.len(), 4, "{faults:#?}");
    assert_eq!(faults[0], "jobs/a.toml:3:1: unknown key `aspect-ratio`; did you mean `aspect_ratio`?");
    assert_eq!(faults[1], "jobs/a.toml:4:1: unknown key `concurency`; did you mean `concurrency`?");
    assert!(faults[2].starts_with("jobs/a.toml:5:3: unknown key `zzz`; the keys are manifest, "), "{}", faults[2]);
    assert_eq!(faults[3], "jobs/a.toml:6:2: unknown key `templates`; did you mean `template`?");
}

#[test]
fn every_wrong_value_is_told_at_its_place() {
    let text = "manifest = 7\naspect_ratio = '5:3'\nrpm = 0\nconcurrency = 5000\nrequest_timeout = 180\n\
                halt_after = true\non_lost = 'maybe'\nbase_url = 'anyfast.ai'\nname = 'a/b'\nmodel = 'models/x'\n";
    let expected = [
        "1:12: `manifest`: 7 does not belong here; write text in quotes",
        "2:16: `aspect_ratio`: `5:3` is not an aspect ratio the model has; use 1:1, 3:2, 2:3, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9, 21:9",
        "3:7: `rpm`: 0 does not belong here; write a whole number above 0",
        "4:15: `concurrency`: `5000` is not a number of requests in flight; write a whole number from 1 to 2000, or a range such \
         as 4-64",
        "5:19: `request_timeout`: `180` is not a length of time; write a number with its unit, such as 180s or 3m",
        "6:14: `halt_after`: true does not belong here; write a text or a whole number",
        "7:11: `on_lost`: `maybe` is not a way to treat a lost attempt; use resend, hold",
        "8:12: `base_url`: this is not the address of a server: it does not begin with http:// or https://; write one like https://www.anyfast.ai or http://127.0.0.1:8080/gemini",
        "9:8: `name`: `a/b` cannot name a job, because it names a folder too; `a_b` can",
        "10:9: `model`: `models/x` is not the name of a model; write `x`",
    ];
    assert_eq!(faults(text), expected.map(|fault| format!("jobs/a.toml:{fault}")));
}

#[test]
fn a_missing_manifest_and_broken_toml_say_what_to_write() {
    assert_eq!(
        faults("rpm = 1"),
        ["jobs/a.toml:1:1: the key `manifest` is missing; write for example manifest = \"../products.csv\""]
    );
    assert!(JobFile::parse("\u{feff}manifest = 'a.csv'\r\n", "a.toml").is_ok(), "an editor's mark is no mistake");
    let broken = faults("manifest = 'a.csv'\nrpm = = 3\n");
    assert!(broken[0].starts_with("jobs/a.toml:2:"), "{broken:?}");
    assert!(broken.iter().all(|fault| !fault.contains('\n')), "{broken:?}");
}

#[test]
fn the_faults_of_a_job_file_reach_whoever_loads_it() {
    let folder = workspace(&[("jobs/a.toml", "nmae = 'x'")]);
    match Job::load(Path::new("jobs/a.toml"), &Options::default(), folder.path()) {
        Err(JobError::Faults(faults)) => {
            assert_eq!(faults[0].to_string(), "jobs/a.toml:1:1: unknown key `nmae`; did you mean `name`?")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_option_is_a_flag_a_variable_and_a_key_of_one_name() {
    let command = CommandLine::command();
    for argument in command.get_arguments() {
        let name = argument.get_id().as_str();
        assert_eq!(argument.get_long().unwrap().replace('-', "_"), name);
        assert_eq!(argument.get_env().unwrap().to_str().unwrap(), format!("OVERNIGHT_{}", name.to_uppercase()));
        assert!(argument.get_help().is_some(), "{name} has no help");
        let unset = JobFile::parse(&format!("manifest = 'a.csv'\n{name} = {{}}"), "a.toml").unwrap_err();
        assert!(unset[0].message.starts_with(&format!("`{name}`: ")), "{name} is no key: {unset:?}");
    }
}

#[test]
fn a_bad_flag_is_refused_as_a_bad_key_is() {
    for words in [
        ["--aspect-ratio", "5:3"],
        ["-c", "0"],
        ["--on-lost", "maybe"],
        ["--connect-timeout", "10"],
        ["--auth", "cookie"],
    ] {
        assert!(CommandLine::try_parse_from([&["overnight"][..], &words].concat()).is_err(), "{words:?}");
    }
}

#[test]
fn a_key_is_fetched_from_a_file_a_variable_or_a_command_without_its_line_break() {
    let folder = workspace(&[("key", "s3cret\n"), ("empty", " \n"), ("two", "one\ntwo\n")]);
    let file = |name: &str| KeySource::File(folder.path().join(name));
    let command = |line: &str| KeySource::Command { command: line.to_owned().into(), folder: folder.path().into() };
    assert_eq!(file("key").read().unwrap().expose_secret(), "s3cret");
    assert_eq!(command("cat key").read().unwrap().expose_secret(), "s3cret");
    assert!(KeySource::Env("CARGO_PKG_NAME".into()).read().is_ok());
    assert!(matches!(KeySource::Env("OVERNIGHT_NOT_SET".into()).read(), Err(KeyError::NoVariable(_))));
    assert!(matches!(file("none").read(), Err(KeyError::File { .. })));
    assert!(matches!(file("empty").read(), Err(KeyError::Empty(_))));
    assert!(matches!(command("exit 3").read(), Err(KeyError::Command(_))));
    let error = file("two").read().unwrap_err();
    assert!(matches!(error, KeyError::NotAKey(_)) && !error.to_string().contains("one\n"), "{error}");
}

#[test]
fn the_catalogue_shows_every_key_and_each_as_it_can_be_written() {
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/catalog.toml")).unwrap();
    let is_setting =
        |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let bare = |line: &str| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line).to_owned();
    let written = file.lines().map(bare).collect::<Vec<_>>().join("\n");
    let shown = JobFile::parse(&written, "catalog.toml").unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert!(!shown.safety.is_empty() && !shown.labels.is_empty() && !shown.extra.is_empty());
    assert_eq!([&shown.hooks.on_success, &shown.hooks.on_failure, &shown.hooks.on_item].map(Vec::len), [1, 2, 1]);
    assert!(shown.references.most.is_some() && shown.references.shape.reduce_to.is_some());
    let shows = |written: &str, key: &str| {
        written.lines().any(|line| line.starts_with(&format!("{key} = ")) || line == format!("[{key}]"))
    };
    for key in Options::names().into_iter().chain(SHAPING_KEYS.map(str::to_owned)) {
        assert!(shows(&written, &key), "{key} is not shown");
    }
    assert!(shown.schedule.is_some_and(|schedule| schedule.jitter.is_some() && schedule.deadline.is_some()));
    for (table, least) in [("references", 5), ("accept", 6), ("schedule", 6)] {
        shows_all_of(table, least, &written, shows);
    }
}

/// Every key of a table, which are so many at least, is shown below its heading.
fn shows_all_of(table: &str, least: usize, written: &str, shows: impl Fn(&str, &str) -> bool) {
    let heading = format!("\n[{table}]\n");
    let shown = written.split(&heading).nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let file = format!("manifest = 'a.csv'\n[{table}]\nzzz = 1");
    let unknown = JobFile::parse(&file, "a.toml").unwrap_err();
    let known = unknown.iter().find_map(|fault| fault.message.split_once("the keys are ")).unwrap().1;
    let known: Vec<&str> = known.split(", ").collect();
    assert!(known.len() >= least, "{known:?}");
    for key in known {
        assert!(shows(shown, key), "{key} is not shown below [{table}]");
    }
}
