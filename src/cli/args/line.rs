//! Reads the command line, with the environment behind it: an empty variable counts as unset, a switch is on with 1, and
//! a mistake that stands in a variable is told as one. Never acts on what it reads.

use std::any::TypeId;
use std::ffi::OsString;

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command as Program, CommandFactory, FromArgMatches};

use super::{Command, CommandLine};

/// The command line as the help, the manual and the shells are told of it.
pub(in crate::cli) fn command() -> Program {
    let each = |argument: Arg| {
        // What a variable holds may be a secret, and is no part of the help.
        let argument = argument.hide_env_values(true);
        let is_switch = argument.get_value_parser().type_id() == TypeId::of::<bool>();
        if is_switch { argument.value_parser(switch) } else { argument }
    };
    CommandLine::command().mut_subcommands(|command| command.mut_args(each))
}

/// On or off. What shells and crontabs write in variables is understood as well.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("it is on or off; write true or false".to_owned()),
    }
}

/// What the program was told to do.
pub(in crate::cli) fn read() -> Result<CommandLine, clap::Error> {
    read_from(std::env::args_os().collect())
}

/// What these words tell it to do, the program's name first.
pub(in crate::cli) fn read_from(words: Vec<OsString>) -> Result<CommandLine, clap::Error> {
    let is_empty = |argument: &Arg| {
        argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.as_encoded_bytes().is_empty())
    };
    let matches = match without_variables(is_empty).try_get_matches_from(&words) {
        Ok(matches) => matches,
        // The help names all variables, also those that are empty.
        Err(error) if error.kind() == ErrorKind::DisplayHelp => command().try_get_matches_from(&words)?,
        Err(error) => return Err(hinted(traced(error, &words), &words)),
    };
    let mut line = CommandLine::from_arg_matches(&matches)?;
    settle(&mut line.command, &matches)?;
    Ok(line)
}

/// The command line, without the variables of some arguments.
fn without_variables(of: impl Fn(&Arg) -> bool) -> Program {
    command().mut_subcommands(|command| {
        command.mut_args(|argument| if of(&argument) { argument.env(Resettable::Reset) } else { argument })
    })
}

/// What one option means depends, for some commands, on where another stands.
fn settle(command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((name, given)) = matches.subcommand() else { return Ok(()) };
    let settled = match command {
        Command::Init(args) => args.settle(given),
        Command::Run(args) => args.told.settle(given),
        Command::Schedule(args) => args.told.settle(given),
        _ => Ok(()),
    };
    settled.map_err(|error| {
        let mut program = self::command();
        program.build();
        match program.find_subcommand_mut(name) {
            Some(command) => error.format(command),
            None => error,
        }
    })
}

/// The error, with the variable that holds the bad value, if it is one that does: the command line alone is in order.
fn traced(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg).cloned() else { return error };
    if without_variables(|_| true).try_get_matches_from(words).is_err_and(|plain| same(&plain, &error)) {
        return error;
    }
    let mut program = command();
    program.build();
    let variable = program.get_subcommands().flat_map(Program::get_arguments).find_map(|argument| {
        let variable = argument.get_env().filter(|_| argument.to_string() == named)?;
        std::env::var_os(variable).map(|_| variable.to_string_lossy().into_owned())
    });
    if let Some(variable) = variable {
        suggest(&mut error, format!("it stands in the environment variable {variable}; change it there, or unset it"));
    }
    error
}

/// The error, with what its own words leave out: where the jobs' names are, and how an item is named.
fn hinted(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let said = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => vec![],
    };
    let takes_items = words.get(1).is_some_and(|command| command == "retry" || command == "cancel");
    let is_word = said.first().is_some_and(|word| !word.starts_with('-'));
    match error.kind() {
        ErrorKind::MissingRequiredArgument if said.iter().any(|name| name == "<JOB>") => {
            suggest(&mut error, "`overnight jobs` tells which jobs there are".to_owned());
        }
        ErrorKind::UnknownArgument if is_word && takes_items => {
            suggest(&mut error, "one job at a time; name its items with --item".to_owned());
        }
        _ => {}
    }
    error
}

fn suggest(error: &mut clap::Error, tip: String) {
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
}

fn same(one: &clap::Error, other: &clap::Error) -> bool {
    one.kind() == other.kind() && one.get(ContextKind::InvalidArg) == other.get(ContextKind::InvalidArg)
}
