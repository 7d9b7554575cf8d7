//! From where a run can be watched while nobody sits before it. Never watches anything.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;

use super::paths;
use super::setting::BadSetting;

/// Options of a run like the others, in a group of their own.
#[derive(Args, Deserialize, Default, Clone, Debug, PartialEq)]
#[serde(default)]
#[command(mut_args(|argument| argument.hide_env_values(true)), about = None, long_about = None)]
pub struct Watching {
    /// Let Prometheus ask for the run's metrics at this address, such as 127.0.0.1:9464; :9464 is the same
    ///
    /// GET /metrics tells them as long as the command runs, those of all its jobs. Port 0 takes any that is free and says
    /// which. An address that others can reach, such as 0.0.0.0:9464, has to be given whole: nobody is asked for a password
    #[arg(long, value_name = "ADDR", env = "OVERNIGHT_METRICS", hide_short_help = true, help_heading = "What is told")]
    pub metrics: Option<ListenAddress>,
    /// Keep the run's metrics in this file, for node_exporter's textfile collector, which wants it to end in .prom
    ///
    /// It is written anew every 15 seconds and when the run has ended, however that was. One file a job, unless they are
    /// run by one command: whoever writes it takes the place of what stood there. A rehearsal's file has `-rehearsal` in its
    /// name
    #[arg(
        long,
        value_name = "PATH",
        env = "OVERNIGHT_METRICS_FILE",
        hide_short_help = true,
        help_heading = "What is told"
    )]
    pub metrics_file: Option<PathBuf>,
    /// Append log lines to this file: what happens, and what -vv and -vvv bring
    ///
    /// --log-format says how. A file that has grown to --log-file-size is put aside as PATH.1, and five of them are kept. It
    /// may be moved away at any time: the next line begins a new one. When it cannot be written, log lines get lost and
    /// nothing else
    #[arg(
        long,
        value_name = "PATH",
        env = "OVERNIGHT_LOG_FILE",
        hide_short_help = true,
        help_heading = "What is told"
    )]
    pub log_file: Option<PathBuf>,
    /// How large a log file may grow [default: 10MiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "OVERNIGHT_LOG_FILE_SIZE",
        hide_short_help = true,
        help_heading = "What is told"
    )]
    pub log_file_size: Option<FileSize>,
}

impl Watching {
    /// These options, and `other` wherever nothing is set here.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            metrics: self.metrics.or(other.metrics),
            metrics_file: self.metrics_file.or(other.metrics_file),
            log_file: self.log_file.or(other.log_file),
            log_file_size: self.log_file_size.or(other.log_file_size),
        }
    }

    /// The same with relative paths starting at `folder`.
    pub(super) fn at(mut self, folder: &Path) -> Self {
        for path in [&mut self.metrics_file, &mut self.log_file].into_iter().flatten() {
            *path = paths::resolve(folder, path);
        }
        self
    }

    /// The same for a rehearsal, whose figures are no job's.
    pub(super) fn rehearsal(self) -> Self {
        Self { metrics_file: self.metrics_file.map(|path| paths::rehearsal_file(&path)), ..self }
    }
}

/// An address to listen on, written `127.0.0.1:9464`; without a host it is this machine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenAddress(pub SocketAddr);

impl FromStr for ListenAddress {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let port = |text: &str| text.parse().ok().map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let local = ["localhost:", ":"].iter().find_map(|host| text.strip_prefix(host)).unwrap_or(text);
        text.parse().ok().or_else(|| port(local)).map(Self).ok_or_else(|| {
            BadSetting::new(format!(
                "`{text}` is not an address to listen on; write its number and a port, such as 127.0.0.1:9464, or :9464 \
                 for this machine only"
            ))
        })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The size of a file as people write it: `10MiB`, `500 kB`. At least 1 kB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSize(pub u64);

impl FileSize {
    const LEAST: u64 = 1_000;
    const UNITS: [(&str, u64); 8] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("b", 1),
        ("", 1),
    ];
}

impl Default for FileSize {
    fn default() -> Self {
        Self(10 << 20)
    }
}

impl FromStr for FileSize {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit.trim().to_lowercase();
        let factor = Self::UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let size = number.parse().ok().zip(factor).and_then(|(number, factor): (u64, u64)| number.checked_mul(factor));
        let bad =
            || BadSetting::new(format!("`{text}` is not a size of files; write for example 10MiB, or 1kB at least"));
        size.filter(|size| *size >= Self::LEAST).map(Self).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [("10MiB", 10 << 20), ("500 kB", 500_000), ("2gb", 2_000_000_000), ("4096", 4096)] {
            assert_eq!(text.parse(), Ok(FileSize(bytes)), "{text}");
        }
        for text in ["", "10", "1.5MiB", "-1kB", "MiB", "10 miles", "99999999999999999999GB", "20000000000GB"] {
            assert!(text.parse::<FileSize>().unwrap_err().to_string().contains("10MiB"), "{text}");
        }
    }

    #[test]
    fn an_address_without_a_host_is_this_machines_own() {
        for text in ["127.0.0.1:9464", ":9464", "9464", "localhost:9464"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), "127.0.0.1:9464", "{text}");
        }
        for text in ["0.0.0.0:9464", "[::1]:0"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in ["", ":", "127.0.0.1", "shop.example:9464", "1:2:3", ":70000", "-1"] {
            assert!(text.parse::<ListenAddress>().unwrap_err().to_string().contains("127.0.0.1:9464"), "{text}");
        }
    }
}
