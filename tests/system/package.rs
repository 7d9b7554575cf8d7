//! The Debian package where nothing else is: installed into a bare Debian, and its binary alone in an empty root, each
//! without a network and as somebody who owns nothing there. `OVERNIGHT_DEB` names the package, which `.ci/deb` builds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The package under test.
fn package() -> PathBuf {
    let named = std::env::var_os("OVERNIGHT_DEB").expect("OVERNIGHT_DEB names the package; .ci/deb builds it");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(named);
    assert!(package.is_file(), "{} is not there; .ci/deb builds it", package.display());
    package
}

/// Runs a program of this machine; demands that it is there, and that all goes well.
fn does(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = said(&output);
    assert!(output.status.success(), "{program} {words:?}: {}\n{said}", output.status);
    said
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The root of a system of its own.
struct Root(TempDir);

impl Root {
    /// Debian, and nothing that it can do without.
    fn debian() -> Self {
        assert!(rustix::process::geteuid().is_root(), "debootstrap, chroot and dpkg need root: run the tests as root");
        let root = Self(tempfile::tempdir().unwrap());
        // A root that others may enter, unlike a place for temporary files.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        does("debootstrap", &["--variant=minbase", "stable", root.path()]);
        root
    }

    /// Nothing at all but the binary of the package, and a place to work.
    fn empty() -> Self {
        let (unpacked, root) = (tempfile::tempdir().unwrap(), Self(tempfile::tempdir().unwrap()));
        does("dpkg-deb", &["--extract", package().to_str().unwrap(), unpacked.path().to_str().unwrap()]);
        let [from, to] = [unpacked.path().join("usr/bin/overnight"), root.0.path().join("overnight")];
        // A file that this program had open to write could be busy for an instant, wherever another test starts something.
        does("cp", &[from.to_str().unwrap(), to.to_str().unwrap()]);
        let examples = unpacked.path().join("usr/share/doc/overnight/examples");
        does("cp", &["-r", examples.to_str().unwrap(), root.0.path().join("workspace").to_str().unwrap()]);
        does("chown", &["-R", "65532:65532", root.path()]);
        root
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// What comes of words in it, as this user: no network but a loopback of its own, no key, no variables but a path.
    fn output(&self, user: &str, words: &[&str]) -> Output {
        let inside = r#"ip link set lo up && { [ ! -d "$1/proc" ] || mount -t proc proc "$1/proc"; } && exec \
            env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot --userspec="$2" "$1" "${@:3}""#;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "--pid", "--fork", "bash", "-c", inside, "bash", self.path(), user]);
        command.args(words).output().expect("unshare is there")
    }

    /// The same, done well; returns what was said.
    fn does(&self, user: &str, words: &[&str]) -> String {
        let output = self.output(user, words);
        let said = said(&output);
        assert!(output.status.success(), "{words:?}: {}\n{said}", output.status);
        said
    }

    /// A line for its shell.
    fn shell(&self, user: &str, line: &str) -> String {
        self.does(user, &["/bin/sh", "-c", line])
    }

    fn has(&self, path: &str) -> bool {
        self.0.path().join(path).exists()
    }
}

const ROOT: &str = "0:0";
/// Who owns nothing but a home.
const SHOP: &str = "1000:1000";
/// Whom nobody knows.
const NOBODY: &str = "65532:65532";

/// Pictures of the demonstration.
const PICTURES: usize = 26;

fn pictures(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|ending| ["jpg", "png", "webp"].iter().any(|one| ending == *one)))
        .count()
}

#[test]
fn in_a_bare_debian_the_package_installs_runs_the_demonstration_and_goes_without_a_trace() {
    let root = Root::debian();
    fs::copy(package(), root.0.path().join("overnight.deb")).unwrap();
    root.does(ROOT, &["dpkg", "--install", "/overnight.deb"]);
    assert_eq!(root.does(ROOT, &["dpkg", "--verify", "overnight"]), "");
    assert_eq!(root.does(NOBODY, &["overnight", "--version"]), concat!("overnight ", env!("CARGO_PKG_VERSION"), "\n"));

    let places = "bash-completion/completions/overnight zsh/vendor-completions/_overnight \
                  fish/vendor_completions.d/overnight.fish man/man1/overnight.1.gz man/man1/overnight-run.1.gz \
                  doc/overnight/copyright doc/overnight/changelog.gz doc/overnight/README.md \
                  doc/overnight/docs/troubleshooting.md doc/overnight/examples/jobs/demo.toml";
    for place in places.split_whitespace() {
        assert!(root.has(&format!("usr/share/{place}")), "{place} is not in the package");
    }
    root.does(ROOT, &["bash", "-n", "/usr/share/bash-completion/completions/overnight"]);
    let page = root.shell(NOBODY, "zcat /usr/share/man/man1/overnight-run.1.gz");
    assert!(page.contains(".SH EXAMPLES") && page.contains("OVERNIGHT_MAX_COST"), "{page}");

    root.shell(ROOT, "useradd --create-home --uid 1000 shop");
    root.shell(SHOP, "cd /home/shop && cp -r /usr/share/doc/overnight/examples shop");
    let run = "cd /home/shop/shop && overnight run jobs/demo.toml --events events.jsonl";
    let first = root.shell(SHOP, run);
    let output = root.0.path().join("home/shop/shop/output/demo-rehearsal");
    assert_eq!(pictures(&output), PICTURES, "{first}");
    let sent = || fs::read_to_string(output.join("../../events.jsonl")).unwrap().matches("attempt_started").count();
    let before = sent();
    assert!(root.shell(SHOP, run).contains("nothing to do"));
    assert_eq!(sent(), before, "the second run sent something");

    names_are_looked_up(&root);

    root.does(ROOT, &["dpkg", "--purge", "overnight"]);
    assert!(!root.has("usr/bin/overnight") && !root.has("usr/share/doc/overnight"), "something stayed");
}

/// A static program finds a name in `/etc/hosts`, and says of another that it is none.
fn names_are_looked_up(root: &Root) {
    let line = "cd /home/shop && printf 'id,prompt\\nmug,A mug\\n' > list.csv && mkfifo said && \
                { overnight simulate --port 8642 > said & } && read -r listening < said && \
                OVERNIGHT_API_KEY=key overnight run list.csv --base-url http://localhost:8642";
    root.shell(ROOT, "echo 127.0.0.1 localhost > /etc/hosts");
    root.shell(SHOP, line);
    assert_eq!(pictures(&root.0.path().join("home/shop/output/list")), 1);
    let unknown = "cd /home/shop && OVERNIGHT_API_KEY=key overnight run list.csv --name other --max-duration 6s \
                   --request-timeout 1s --base-url http://nowhere.invalid; [ $? = 10 ] && overnight show other mug";
    let told = root.shell(SHOP, unknown);
    assert!(told.contains("no connection to nowhere.invalid"), "{told}");
}

#[test]
fn where_nothing_else_is_the_binary_alone_runs_the_demonstration() {
    let root = Root::empty();
    let run = ["/overnight", "run", "/workspace/jobs/demo.toml"];
    let first = root.does(NOBODY, &run);
    assert_eq!(pictures(&root.0.path().join("workspace/output/demo-rehearsal")), PICTURES, "{first}");
    assert!(root.does(NOBODY, &run).contains("nothing to do"));
}

#[test]
fn the_same_sources_give_the_same_package() {
    let (unpacked, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    does("dpkg-deb", &["--extract", package().to_str().unwrap(), unpacked.path().to_str().unwrap()]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/deb");
    let mut command = Command::new(script);
    command.arg(unpacked.path().join("usr/bin/overnight")).env("CARGO_TARGET_DIR", again.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let made = String::from_utf8(output.stdout).unwrap();
    assert_eq!(Path::new(made.trim()).file_name(), package().file_name());
    assert!(fs::read(made.trim()).unwrap() == fs::read(package()).unwrap(), "the bytes differ");
}

#[test]
fn the_source_package_holds_what_a_build_needs() {
    let list = does(
        env!("CARGO"),
        &["package", "--list", "--allow-dirty", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
    );
    let listed: Vec<&str> = list.lines().collect();
    let mut folders = vec![PathBuf::from("src"), PathBuf::from("migrations")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap().map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => assert!(listed.contains(&path.to_str().unwrap()), "{} is left out", path.display()),
            }
        }
    }
    for file in ["Cargo.lock", "README.md", "docs/architecture.md", "docs/LICENSE-MIT", "docs/LICENSE-APACHE"] {
        assert!(listed.contains(&file), "{file} is left out");
    }
}
