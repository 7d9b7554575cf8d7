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
}

impl Watching {
    /// These options, and `other` wherever nothing is set here.
    pub(super) fn or(self, other: Self) -> Self {
        Self { metrics: self.metrics.or(other.metrics), metrics_file: self.metrics_file.or(other.metrics_file) }
    }

    /// The same with relative paths starting at `folder`.
    pub(super) fn at(mut self, folder: &Path) -> Self {
        for path in self.metrics_file.iter_mut() {
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

#[cfg(test)]
mod tests {
    use super::*;

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
