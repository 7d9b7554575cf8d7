//! The printed line in the hands of Debian's own cron, in a place of its own: what the machine's crontabs hold is
//! neither seen nor started. Root is wanted, as cron wants it.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::support::workspace::Workspace;

/// Says that a test's own mounts are hidden from everybody else already.
const HIDDEN: &str = "OVERNIGHT_TEST_CRON_IS_HIDDEN";

/// Up to a minute passes before cron looks again, and a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(180);

/// A cron that runs. Dropped, it is ended.
struct Cron(Child);

impl Cron {
    fn start() -> Self {
        Self(
            Command::new("/usr/sbin/cron")
                .arg("-f")
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .spawn()
                .expect("cron is there"),
        )
    }
}

impl Drop for Cron {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a test where cron knows nothing yet. `test` is its own name, by which it is run again.
fn where_cron_is_new(test: &str, body: impl FnOnce()) {
    if std::env::var_os(HIDDEN).is_some() {
        for place in ["/var/spool/cron/crontabs", "/etc/cron.d", "/run"] {
            done(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=1730", "tmpfs", place]));
        }
        done(Command::new("mount").args(["--bind", "/dev/null", "/etc/crontab"]));
        return body();
    }
    assert!(rustix::process::geteuid().is_root(), "cron wants root");
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount").arg(std::env::current_exe().unwrap());
    unshare.args(["--exact", "--nocapture", test]).env(HIDDEN, "yes");
    done(&mut unshare);
}

fn done(command: &mut Command) {
    assert!(command.status().unwrap_or_else(|error| panic!("{command:?}: {error}")).success(), "{command:?}");
}

fn wait_for(file: &Path) {
    let start = Instant::now();
    while !file.exists() {
        assert!(start.elapsed() < PATIENCE, "there is no {}", file.display());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_printed_line_works_as_it_is_printed() {
    where_cron_is_new("cron::the_printed_line_works_as_it_is_printed", || {
        let here = Workspace::new();
        // What cron and the shell have uses for.
        let shop = "it's 50% off";
        here.write(&format!("{shop}/list.csv"), "id,prompt\nmug,a mug\nbowl,a bowl\n");
        let job = "manifest = \"../list.csv\"\nrehearse = true\n[schedule]\ncron = \"* * * * *\"\ndeadline = \"8h\"\n";
        here.write(&format!("{shop}/jobs/night ly.toml"), job);
        let printed = here.overnight_in(shop, "schedule --print crontab").end().exits(0).stdout;
        here.write("crontab", &printed);
        done(Command::new("crontab").arg(here.path("crontab")));
        let _cron = Cron::start();
        let output = here.path(shop).join("output/night ly-rehearsal");
        wait_for(&output.join("results.csv"));
        assert_eq!(here.pictures(&format!("{shop}/output/night ly-rehearsal")), ["bowl", "mug"]);
    });
}
