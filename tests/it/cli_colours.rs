//! Colours: only on a terminal, and there only where the environment wants them. Never looks at which ones.

use std::process::Command;

use crate::support::terminal::on_a_terminal;
use crate::support::workspace::Workspace;

/// Whether a text holds colours or other looks of letters; moves of the cursor are none.
fn is_coloured(shown: &str) -> bool {
    shown
        .split("\x1b[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

fn shown(here: &Workspace, words: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overnight"));
    command.args(words.split_whitespace()).current_dir(here.path(".")).env_clear().env("TERM", "xterm-256color");
    on_a_terminal(command.envs(variables.iter().copied())).1
}

/// Help, a mistake, and a run.
const SHOWN: [&str; 3] = ["run --help", "run --no-such-flag", "run list.csv --rehearse"];

#[test]
fn a_terminal_is_shown_colours_unless_the_environment_wants_none() {
    for words in SHOWN {
        for (variables, expected) in [
            (vec![], true),
            (vec![("NO_COLOR", "1")], false),
            (vec![("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
            (vec![("CLICOLOR", "0")], false),
            (vec![("TERM", "dumb")], false),
        ] {
            let shown = shown(&Workspace::with_list(1), words, &variables);
            assert!(!shown.is_empty(), "{words}");
            assert_eq!(is_coloured(&shown), expected, "{words} with {variables:?}: {shown:?}");
        }
    }
}

#[test]
fn a_file_or_a_pipe_gets_none_unless_they_are_forced() {
    for words in SHOWN {
        let here = Workspace::with_list(1);
        let plain = here.overnight(words).env("TERM", "xterm-256color").end();
        assert!(!plain.stdout.contains('\x1b') && !plain.stderr.contains('\x1b'), "{words}");
    }
    let here = Workspace::new();
    for words in ["run --help", "run --no-such-flag"] {
        let forced = here.overnight(words).env("TERM", "xterm-256color").env("CLICOLOR_FORCE", "1").end();
        assert!(is_coloured(&format!("{}{}", forced.stdout, forced.stderr)), "{words}");
    }
}
