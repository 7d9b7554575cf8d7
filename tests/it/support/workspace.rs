//! A folder of its own for each test, and the program started in it, cut off from the environment of the test.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Ended, Running};

/// A key that no other text of a test holds.
pub const KEY: &str = "test-key";

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

/// A temporary folder.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// One that holds the manifest `list.csv` with so many items: `item-1`, `item-2` …
    pub fn with_list(items: u32) -> Self {
        let here = Self::new();
        here.write("list.csv", &list(items));
        here
    }

    /// Where a path in it lies.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets what everybody may do with a file or folder, as `chmod` does.
    pub fn allow(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A file's text.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The names of the files in a folder, but for hidden ones, in order.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let files = files_below(&self.path(folder)).into_iter();
        files.map(|file| file.strip_prefix(self.path(folder)).unwrap().display().to_string()).collect()
    }

    /// The pictures in a folder, without their extensions, in order.
    pub fn pictures(&self, folder: &str) -> Vec<String> {
        let pictures = self.files(folder).into_iter().filter(|file| is_picture(Path::new(file)));
        pictures.map(|file| file.rsplit_once('.').unwrap().0.to_owned()).collect()
    }

    /// The program with these words, which hold no spaces.
    pub fn overnight(&self, words: &str) -> Invocation {
        self.overnight_in(".", words)
    }

    /// The same, started in a folder of the workspace.
    pub fn overnight_in(&self, folder: &str, words: &str) -> Invocation {
        let mut command = Command::new(env!("CARGO_BIN_EXE_overnight"));
        command.args(words.split_whitespace()).current_dir(self.path(folder));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("OVERNIGHT_API_KEY", KEY);
        Invocation(command)
    }

    /// The only job of `status --json` with these words.
    pub fn status(&self, words: &str) -> Value {
        let document = self.overnight(&format!("status --json {words}")).end().exits(0).json();
        assert_eq!(document["jobs"].as_array().map(Vec::len), Some(1), "{document}");
        document["jobs"][0].clone()
    }
}

/// A program that is about to start.
#[derive(Debug)]
pub struct Invocation(Command);

impl Invocation {
    /// Sends its requests there.
    pub fn at(self, base_url: &str) -> Self {
        self.arg("--base-url").arg(base_url)
    }

    /// One more word, as it is.
    pub fn arg(mut self, word: &str) -> Self {
        self.0.arg(word);
        self
    }

    /// With this environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// As somebody whom permissions bind: who tests as root, to whom they do not apply, starts it as nobody. The
    /// workspace must be theirs to enter.
    pub fn bound_by_permissions(self, here: &Workspace) -> Self {
        if !rustix::process::geteuid().is_root() {
            return self;
        }
        // The program may lie where nobody else can go.
        let program = here.path("overnight-program");
        if !program.exists() {
            // By a program of its own: what this one has open to write, whatever other tests start at that moment has open
            // too for an instant, and then it is busy and cannot be started.
            assert!(Command::new("cp").arg(self.0.get_program()).arg(&program).status().unwrap().success());
        }
        let mut command = Command::new(program);
        command.args(self.0.get_args()).current_dir(self.0.get_current_dir().unwrap()).env_clear();
        command.envs(self.0.get_envs().filter_map(|(name, value)| Some((name, value?)))).uid(NOBODY).gid(NOBODY);
        Self(command)
    }

    /// As the system starts it.
    pub fn command(&mut self) -> &mut Command {
        &mut self.0
    }

    /// Without a key.
    pub fn without_key(mut self) -> Self {
        self.0.env_remove("OVERNIGHT_API_KEY");
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        Running::start(&mut self.0, Stdio::null())
    }

    /// Runs it to its end with these bytes on stdin, no more than a pipe holds (64 KiB on Linux).
    pub fn fed(mut self, bytes: &[u8]) -> Ended {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(bytes).unwrap();
        drop(writer);
        Running::start(&mut self.0, reader.into()).end()
    }

    /// Runs it while nobody reads its stdout and stderr any more; returns its exit code.
    pub fn unheard(mut self) -> Option<i32> {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let command = self.0.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        command.status().unwrap().code()
    }

    /// Starts it and waits for its end.
    pub fn end(self) -> Ended {
        self.start().end()
    }
}

/// A manifest with so many items, each with a prompt of its own.
pub fn list(items: u32) -> String {
    let rows = (1..=items).map(|number| format!("item-{number},a cup with the number {number}\n"));
    "id,prompt\n".to_owned() + &rows.collect::<String>()
}

/// All files below a folder, but for hidden folders and files, in order.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries.map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => files.extend(files_below(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files.sort();
    files
}

/// Whether a file is a picture by its name.
pub fn is_picture(file: &Path) -> bool {
    file.extension().is_some_and(|extension| ["jpg", "png", "webp"].iter().any(|known| extension == *known))
}
