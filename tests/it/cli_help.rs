//! The help of every command: as it was looked at, with examples, and no wider than a screen. Never runs a job.

use crate::support::workspace::Workspace;

/// The widest line.
const COLUMNS: usize = 100;

/// Every command that the help of the program lists.
pub fn commands() -> Vec<String> {
    let help = Workspace::new().overnight("--help").end().exits(0).stdout;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned));
    let commands: Vec<String> = names.filter(|name| !["", "help"].contains(&name.as_str())).collect();
    assert!(commands.len() > 10, "{help}");
    commands
}

#[test]
fn the_help_of_every_command_is_the_one_that_was_looked_at() {
    let here = Workspace::new();
    for command in [""].into_iter().chain(commands().iter().map(String::as_str)) {
        let ended = here.overnight(&format!("{command} --help")).end().exits(0);
        assert_eq!(ended.stderr, "", "{command}");
        let help = ended.stdout;
        assert!(help.contains("\nUsage: overnight") && help.contains("\nExamples:\n"), "{command}: {help}");
        assert!(help.contains(&format!("  overnight {command}")), "{command} is in no example: {help}");
        let wide = help.lines().find(|line| line.chars().count() > COLUMNS);
        assert_eq!(wide, None, "{command}: wider than {COLUMNS} columns");
        let name = if command.is_empty() { "overnight" } else { command };
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("help_{name}"), help);
        });
    }
}

#[test]
fn the_short_help_of_every_command_leaves_the_long_one_to_be_asked_for() {
    let here = Workspace::new();
    for command in commands() {
        let short = here.overnight(&format!("{command} -h")).end().exits(0).stdout;
        let long = here.overnight(&format!("help {command}")).end().exits(0).stdout;
        assert!(short.lines().count() < 100 && short.contains("see more with '--help'"), "{command}: {short}");
        assert!(long.len() > short.len(), "{command}");
        assert!(short.lines().all(|line| line.chars().count() <= COLUMNS), "{command}: {short}");
    }
}

#[test]
fn the_values_of_variables_stay_out_of_every_help() {
    let here = Workspace::new();
    for command in commands() {
        let help = here.overnight(&format!("{command} --help"));
        let help = help.env("OVERNIGHT_DB", "print-a-secret").env("OVERNIGHT_SIMULATE_PORT", "print-a-secret");
        help.env("OVERNIGHT_API_KEY_COMMAND", "print-a-secret").end().exits(0).never_says("print-a-secret");
    }
}
