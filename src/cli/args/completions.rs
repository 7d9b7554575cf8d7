//! The words of `completions`. Never acts on them.

use clap::Args;
use clap_complete::Shell;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  # for this user, from the next shell on
  overnight completions bash > ~/.local/share/bash-completion/completions/overnight
  overnight completions fish > ~/.config/fish/completions/overnight.fish
  # into a folder of $fpath
  overnight completions zsh > ~/.zfunc/_overnight

The packages bring those for bash, zsh and fish with them.";

#[derive(Args, Debug)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell that is to complete the words of `overnight`
    #[arg(value_name = "bash|elvish|fish|powershell|zsh", hide_possible_values = true)]
    pub shell: Shell,
}
