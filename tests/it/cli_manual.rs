//! `overnight completions` and `overnight man`: what packages bring with them. Neither needs a workspace, nor begins one.

use std::process::Command;

use crate::cli_help::commands;
use crate::support::workspace::Workspace;

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let here = Workspace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = here.overnight(&format!("completions {shell}")).end().exits(0);
        assert_eq!(ended.stderr, "", "{shell}");
        for word in commands().iter().map(String::as_str).chain(["max-cost-per-run", "rehearse"]) {
            assert!(ended.stdout.contains(word), "{shell} does not know {word}");
        }
    }
    assert!(here.files(".").is_empty());
}

#[test]
fn bash_understands_its_script_and_completes_with_it() {
    let here = Workspace::new();
    here.write("overnight.bash", &here.overnight("completions bash").end().exits(0).stdout);
    let completes = |words: &[&str]| {
        let last = words.len() - 1;
        let script = format!(
            "source overnight.bash; COMP_WORDS=({}); COMP_CWORD={last}; _overnight overnight '{}' '{}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words[last],
            words[last - 1],
        );
        let output = Command::new("bash").args(["--norc", "-c", &script]).current_dir(here.path(".")).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(completes(&["overnight", "comp"]), ["completions"]);
    assert_eq!(completes(&["overnight", "run", "--max-cost-per-m"]), ["--max-cost-per-month"]);
    assert_eq!(completes(&["overnight", "completions", "po"]), ["powershell"]);
}

#[test]
fn a_page_of_the_manual_is_written_for_each_command() {
    let here = Workspace::new();
    let ended = here.overnight("man share/man1").end().exits(0).says(&["share/man1", "pages"]);
    assert_eq!(ended.stdout, "");
    let mut pages: Vec<String> = commands().iter().map(|command| format!("overnight-{command}.1")).collect();
    pages.push("overnight.1".to_owned());
    pages.sort();
    assert_eq!(here.files("share/man1"), pages);
    for page in &pages {
        let text = here.read(&format!("share/man1/{page}"));
        assert_eq!(text.matches("\n.TH ").count(), 1, "{page}");
        let title = page.trim_end_matches(".1");
        assert!(text.contains(&format!("\n.SH NAME\n{} \\- ", title.replace('-', "\\-"))), "{page}: {text}");
        for heading in ["SYNOPSIS", "DESCRIPTION", "EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"] {
            let headings = text
                .lines()
                .filter(|line| {
                    line.trim_matches('"') == format!(".SH {heading}") || *line == format!(".SH \"{heading}\"")
                })
                .count();
            assert_eq!(headings, 1, "{page}: {heading}");
        }
        let others = pages.iter().filter(|other| *other != page);
        others.for_each(|other| {
            let name = other.trim_end_matches(".1").replace('-', "\\-");
            assert!(text.contains(&format!("\\fI{name}\\fR(1)")), "{page} does not name {other}");
        });
    }
    // Again, in place of those that are there.
    here.overnight("man share/man1").end().exits(0);
    assert_eq!(here.files("share/man1"), pages);
}

#[test]
fn a_page_holds_all_that_the_help_holds() {
    let here = Workspace::new();
    here.overnight("man .").end().exits(0);
    for command in commands() {
        let help = here.overnight(&format!("{command} --help")).end().exits(0).stdout;
        let page = here.read(&format!("overnight-{command}.1")).replace("\\-", "-").replace("\\*(Aq", "'");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let (page, help) = (words(&page.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")), help);
        let options = help.lines().filter_map(|line| line.trim_start().strip_prefix("-")).flat_map(|line| {
            let flag = line.split("--").nth(1)?.split([' ', '=', '[', '.']).next()?;
            (!flag.is_empty() && line.len() < 60).then(|| format!("--{flag}"))
        });
        let variables = help.split("[env: ").skip(1).filter_map(|rest| Some(rest.split(']').next()?.to_owned()));
        for word in options.chain(variables) {
            assert!(page.contains(&word), "{command}: {word} is not in its page");
        }
        let behind = help.split_once("\nExamples:\n").unwrap().1;
        for line in behind.lines().filter(|line| line.starts_with("  ")) {
            assert!(page.contains(&words(line).replace('\\', "\\\\")), "{command}: `{line}` is not in its page");
        }
    }
    let hidden_in_short = here.read("overnight-run.1");
    assert!(hidden_in_short.contains("PEM file of certificate authorities"));
}

#[test]
fn the_first_page_alone_goes_to_stdout_and_is_the_same_whenever_it_is_made() {
    let here = Workspace::new();
    let page = here.overnight("man").end().exits(0).stdout;
    here.overnight("man pages").end().exits(0);
    assert_eq!(here.read("pages/overnight.1"), page);
    for words in ["OVERNIGHT_API_KEY", "NO_COLOR", "overnight.db", "results.csv", "10 the deadline was reached"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let here = Workspace::with_list(1);
    here.overnight("man list.csv").end().exits(1).says(&["list.csv cannot be written", "name a folder that can be"]);
    assert_eq!(here.overnight("completions zsh").unheard(), Some(1), "no panic where nobody reads");
    assert_eq!(here.overnight("man").unheard(), Some(1));
}
