//! Colours: only on a terminal, and there only where the environment wants them. Never looks at which ones.

use std::process::Command;

use crate::support::gate::Gate;
use crate::support::terminal::{OnTerminal, on_a_terminal};
use crate::support::workspace::Workspace;

/// Whether a text holds colours or other looks of letters; moves of the cursor are none.
fn is_coloured(shown: &str) -> bool {
    shown
        .split("\x1b[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

/// Help, and a mistake.
const HELP: [&str; 2] = ["run --help", "run --no-such-flag"];

/// A command for a terminal, with nothing in its environment but these.
fn command(here: &Workspace, words: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overnight"));
    command.args(words.split_whitespace()).current_dir(here.path(".")).env_clear().env("TERM", "xterm-256color");
    command.envs(variables.iter().copied());
    command
}

/// What makes a terminal show colours, and what does not.
const ENVIRONMENTS: [(&[(&str, &str)], bool); 5] = [
    (&[], true),
    (&[("NO_COLOR", "1")], false),
    (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
    (&[("CLICOLOR", "0")], false),
    (&[("TERM", "dumb")], false),
];

#[test]
fn help_and_mistakes_are_coloured_on_a_terminal_unless_the_environment_wants_none() {
    for (words, (variables, expected)) in HELP.into_iter().flat_map(|words| ENVIRONMENTS.map(|other| (words, other))) {
        let shown = on_a_terminal(&mut command(&Workspace::new(), words, variables)).1;
        assert!(!shown.is_empty(), "{words}");
        assert_eq!(is_coloured(&shown), expected, "{words} with {variables:?}: {shown:?}");
    }
}

#[test]
fn the_progress_of_a_run_is_coloured_on_a_terminal_unless_the_environment_wants_none() {
    for (variables, expected) in ENVIRONMENTS {
        let (here, gate) = (Workspace::with_list(1), Gate::shut());
        let mut command = command(&here, "run list.csv", variables);
        command.args(["--base-url", &gate.url()]).env("OVERNIGHT_API_KEY", "a-key-of-nobody");
        let run = OnTerminal::start(&mut command, 24, 80);
        gate.wait_for(1);
        if variables != [("TERM", "dumb")] {
            run.wait_for("its bar", |screen| screen.iter().any(|line| line.contains("0/1")));
        }
        let shown = run.written();
        gate.open();
        assert!(run.end().0.success());
        assert_eq!(is_coloured(&shown), expected, "{variables:?}: {shown:?}");
    }
}

#[test]
fn a_file_or_a_pipe_gets_none_unless_they_are_forced() {
    for words in HELP.into_iter().chain(["run list.csv --rehearse"]) {
        let here = Workspace::with_list(1);
        let plain = here.overnight(words).env("TERM", "xterm-256color").end();
        assert!(!plain.stdout.contains('\x1b') && !plain.stderr.contains('\x1b'), "{words}");
    }
    let here = Workspace::new();
    for words in HELP {
        let forced = here.overnight(words).env("TERM", "xterm-256color").env("CLICOLOR_FORCE", "1").end();
        assert!(is_coloured(&format!("{}{}", forced.stdout, forced.stderr)), "{words}");
    }
}
