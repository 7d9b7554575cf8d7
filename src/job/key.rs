//! Where the key is kept, and fetching it from there. Never shows it, never stores it.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::str::FromStr;

use secrecy::SecretString;
use serde::Deserialize;

use super::setting::BadSetting;
use crate::domain::io_words;

/// A shell command that prints the key. Never printed itself: someone may have written the key into it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct KeyCommand(String);

impl From<String> for KeyCommand {
    fn from(line: String) -> Self {
        Self(line)
    }
}

impl fmt::Debug for KeyCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCommand(..)")
    }
}

/// The name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableName(String);

impl VariableName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_plain && text.bytes().next().is_some_and(|first| !first.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        // It may be the key itself, written into the wrong place.
        let words = "this names no environment variable; write a name such as SHOP_KEY, and never the key itself";
        Err(BadSetting::new(words.to_owned()))
    }
}

/// Where the key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the environment variable of this name.
    Env(String),
    /// In this file, which holds nothing else.
    File(PathBuf),
    /// Whatever this command prints.
    Command {
        /// As typed into a shell.
        command: KeyCommand,
        /// Where it is run.
        folder: PathBuf,
    },
}

/// Why there is no key. Names the place, never what was found there.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is not there.
    #[error(
        "no API key: the environment variable {0} is not set; set it, or name another place with \
         --api-key-env, --api-key-file or --api-key-command"
    )]
    NoVariable(String),
    /// The file cannot be read.
    #[error("no API key: {path} cannot be read: {}; check the path given as api_key_file", io_words(.error), path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The shell cannot be started.
    #[error("no API key: `sh` cannot be started for api_key_command: {}; a POSIX shell is needed", io_words(.0))]
    Shell(io::Error),
    /// The command said that it failed.
    #[error("no API key: the command given as api_key_command failed ({0}); run it by hand to see why")]
    Command(ExitStatus),
    /// There is nothing in that place.
    #[error("no API key: {0} is empty; put the key there, on one line")]
    Empty(String),
    /// What is there cannot be a key.
    #[error(
        "no API key: what {0} holds is not one line of visible ASCII characters; it should \
         hold the key and nothing else"
    )]
    NotAKey(String),
}

impl KeySource {
    /// Fetches the key, without the line break after it.
    pub fn read(&self) -> Result<SecretString, KeyError> {
        let found = match self {
            Self::Env(name) => std::env::var_os(name)
                .map(|value| value.into_encoded_bytes())
                .ok_or_else(|| KeyError::NoVariable(name.clone()))?,
            Self::File(path) => fs::read(path).map_err(|error| KeyError::File { path: path.clone(), error })?,
            Self::Command { command, folder } => printed_by(command, folder)?,
        };
        let key = found.trim_ascii();
        if key.is_empty() {
            return Err(KeyError::Empty(self.place()));
        }
        match str::from_utf8(key) {
            Ok(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(SecretString::from(key)),
            _ => Err(KeyError::NotAKey(self.place())),
        }
    }

    /// The file that holds the key, if others than its owner may read it.
    pub fn open_to_others(&self) -> Option<&Path> {
        let Self::File(path) = self else { return None };
        let mode = fs::metadata(path).map(|about| about.permissions().mode()).unwrap_or_default();
        (mode & 0o077 != 0).then_some(path)
    }

    /// Where that is, in words.
    pub fn place(&self) -> String {
        match self {
            Self::Env(name) => format!("the environment variable {name}"),
            Self::File(path) => format!("the file {}", path.display()),
            Self::Command { .. } => "the output of api_key_command".to_owned(),
        }
    }
}

/// What a command prints. What it says on stderr goes straight to the person.
fn printed_by(command: &KeyCommand, folder: &Path) -> Result<Vec<u8>, KeyError> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&command.0).current_dir(folder);
    let output = shell.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(KeyError::Shell)?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(KeyError::Command(output.status)),
    }
}
