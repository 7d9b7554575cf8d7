//! A command's page of the manual, in roff: what its help says, under the headings that a manual has. Never says anything
//! that the help does not.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// A page, and the file it belongs in.
pub(super) struct Page {
    pub file: String,
    pub text: String,
}

/// Every page: the program's own first, then one for each command, in the order of the help.
pub(super) fn pages(program: Command) -> Vec<Page> {
    // `overnight help run` is nothing that a page could add to.
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let names: Vec<String> = std::iter::once(&program).chain(program.get_subcommands()).map(title).collect();
    let first = page(&program, &names);
    std::iter::once(first).chain(program.get_subcommands().map(|command| page(command, &names))).collect()
}

/// `overnight`, `overnight-run` …
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command, names: &[String]) -> Page {
    let title = title(command);
    // What the short help leaves out is what a manual is for.
    let command = command.clone().mut_args(|argument| argument.hide_short_help(false));
    let text = render(&command, &title, names).expect("memory takes every page");
    let text = String::from_utf8(text).expect("roff is text");
    // Each of the pieces brings what all of them need once.
    let preamble = Roff::new().render();
    Page { file: format!("{title}.1"), text: preamble.clone() + &text.replace(&preamble, "") }
}

fn render(command: &Command, title: &str, names: &[String]) -> std::io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let version = command.get_version().unwrap_or_default();
    // By hand, for the date between them is empty: pages of one version are the same whenever they are made.
    let mut text = format!(".TH {} 1 \"\" \"overnight {version}\" Overnight\n", title.to_uppercase()).into_bytes();
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        let mut list = Vec::new();
        man.render_subcommands_section(&mut list)?;
        text.extend(String::from_utf8_lossy(&list).replace("SUBCOMMANDS", "COMMANDS").into_bytes());
    }
    behind_the_options(command, title, names).to_writer(&mut text)?;
    Ok(text)
}

/// What the help says behind the options, and what every page has.
fn behind_the_options(command: &Command, title: &str, names: &[String]) -> Roff {
    let help = command.get_after_long_help().or_else(|| command.get_after_help());
    let said = sections(&help.map(ToString::to_string).unwrap_or_default());
    let is_said = |heading: &str| said.iter().any(|section| section.heading == heading);
    let mut roff = Roff::new();
    said.iter().for_each(|section| section.write(&mut roff));
    if !is_said("ENVIRONMENT") {
        environment(command, &mut roff);
    }
    if !is_said("EXIT STATUS") {
        roff.control("SH", ["EXIT STATUS"]);
        roff.text([roman("0 when it was done, 2 when the words or files that were given are at fault, 1 else.")]);
    }
    if !is_said("FILES") {
        roff.control("SH", ["FILES"]);
        roff.text([roman("Those of a workspace are told in "), bold("overnight"), roman("(1).")]);
    }
    see_also(title, names, &mut roff);
    roff
}

/// How it is called, as the help has it: what takes fifty options is not the clearer for naming them twice.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold(name), roman(usage.strip_prefix(name).unwrap_or(usage))]);
    roff
}

/// A section of what stands behind a help: under `Examples:` indented lines, or paragraphs that have no heading.
#[derive(Debug, PartialEq)]
struct Section {
    heading: String,
    /// Lines that stay as they are.
    block: Vec<String>,
    /// Sentences that may be broken anew.
    paragraphs: Vec<String>,
}

/// A longer line that ends in a colon is a sentence that leads over to a list.
const LONGEST_HEADING: usize = 24;

/// The sections of what stands behind a help. Paragraphs without a heading come together, behind the others.
fn sections(help: &str) -> Vec<Section> {
    let (mut sections, mut notes) = (Vec::<Section>::new(), Vec::new());
    for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let mut lines = paragraph.trim_matches('\n').lines();
        let first = lines.next().unwrap_or_default();
        let block: Vec<String> = lines.map(str::to_owned).collect();
        match first.strip_suffix(':') {
            Some(heading) if heading.len() <= LONGEST_HEADING => {
                let heading = if heading == "Exit codes" { "EXIT STATUS".to_owned() } else { heading.to_uppercase() };
                sections.push(Section { heading, block, paragraphs: Vec::new() });
            }
            _ => notes.push(paragraph.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
    if !notes.is_empty() {
        sections.push(Section { heading: "NOTES".to_owned(), block: Vec::new(), paragraphs: notes });
    }
    sections
}

impl Section {
    fn write(&self, roff: &mut Roff) {
        roff.control("SH", [self.heading.as_str()]);
        if !self.block.is_empty() {
            roff.control("nf", []);
            for line in &self.block {
                roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            roff.control("fi", []);
        }
        for paragraph in &self.paragraphs {
            roff.control("PP", []);
            roff.text([roman(paragraph.as_str())]);
        }
    }
}

/// The variables that stand for options.
fn environment(command: &Command, roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    let arguments = command.get_arguments();
    let pairs = arguments.filter_map(|argument| Some((argument.get_env()?.to_str()?, argument.get_long()?)));
    let pairs: Vec<(&str, &str)> = pairs.collect();
    if !pairs.is_empty() {
        roff.text([roman("Each stands for an option, which wins where both are given. An empty one counts as unset.")]);
    }
    for (variable, option) in pairs {
        roff.control("TP", []);
        roff.text([bold(variable)]);
        roff.text([bold(format!("--{option}"))]);
    }
    roff.control("PP", []);
    roff.text([roman("Those of the whole program are told in "), bold("overnight"), roman("(1).")]);
}

fn see_also(title: &str, names: &[String], roff: &mut Roff) {
    roff.control("SH", ["SEE ALSO"]);
    let others: Vec<&String> = names.iter().filter(|name| *name != title).collect();
    let mut words = Vec::new();
    for (index, name) in others.iter().enumerate() {
        let end = if index + 1 == others.len() { "(1)" } else { "(1), " };
        words.extend([italic(name.as_str()), roman(end)]);
    }
    roff.text(words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_told_from_sentences_that_end_in_a_colon() {
        let help = "Examples:\n  overnight run x\n    more\n\nA sentence\nof two lines.\n\nExit codes:\n  0 good";
        let section = |heading: &str, block: &[&str], paragraphs: &[&str]| Section {
            heading: heading.to_owned(),
            block: block.iter().map(|&line| line.to_owned()).collect(),
            paragraphs: paragraphs.iter().map(|&text| text.to_owned()).collect(),
        };
        let expected = [
            section("EXAMPLES", &["  overnight run x", "    more"], &[]),
            section("EXIT STATUS", &["  0 good"], &[]),
            section("NOTES", &[], &["A sentence of two lines."]),
        ];
        assert_eq!(sections(help), expected);
    }
}
