//! What to type when a run has ended: the commands that lead on, each with what it is for. Never runs one.

use crate::domain::{CapKind, CapReached, Ending, FailureKind, Usd};

use super::Closing;
use super::words::{count, counted, one_line, shell_word, wrap};

/// Below a command that is too wide, its further lines stand so deep.
const HANGING: &str = "      ";

/// Stands for the blank between a flag and its value, where no line ends.
const KEPT: char = '\u{a0}';

/// The commands that lead on from here, each with what it is for.
pub(super) fn next(closing: &Closing) -> Vec<String> {
    let run = command(closing.program, closing.arguments);
    match closing.summary.ending {
        Ending::Complete | Ending::Pilot => {}
        Ending::Paused { .. } => {
            let resume = (on_job("resume", closing), "ends the pause".to_owned());
            return beside(&[resume, (run, format!("then: {}", goes_on(closing)))], closing.columns);
        }
        Ending::Budget(reached) => return beside(&[after_cap(&reached, closing)], closing.columns),
        _ => return beside(&[(run, on_what(closing))], closing.columns),
    }
    let mut steps = retries(closing);
    if closing.summary.ending == Ending::Pilot {
        steps.push((on_job("approve", closing), "when you have looked at it: lets the others go".into()));
    }
    if !steps.is_empty() {
        steps.push((run, "then: sends what is queued".into()));
    }
    beside(&steps, closing.columns)
}

/// A `retry` for each sort of failed items that needs one of its own.
fn retries(closing: &Closing) -> Vec<(String, String)> {
    let retry = on_job("retry", closing);
    let failed = &closing.summary.counts.failed;
    let of = |kind| failed.get(&kind).copied().unwrap_or_default();
    let (refused, lost) = (of(FailureKind::Refused), of(FailureKind::Lost));
    let others = closing.summary.counts.failed_total() - refused - lost;
    let sorts = [(others, "", ""), (refused, " --refused", "refused "), (lost, " --lost", "lost ")];
    let needed = sorts.into_iter().filter(|(items, ..)| *items > 0);
    needed
        .map(|(items, flag, sort)| {
            let items = counted(items, &format!("{sort}item"), &format!("{sort}items"));
            (format!("{retry}{flag}"), format!("puts {items} back"))
        })
        .collect()
}

/// What the same command again is for, by why the run ended early.
fn on_what(closing: &Closing) -> String {
    match (&closing.summary.ending, closing.goes_on_from) {
        (Ending::Halted(_), Some(time)) => format!("goes on from {time}"),
        (Ending::Halted(_) | Ending::Broken(_), _) => "goes on when the cause is mended".into(),
        _ => goes_on(closing),
    }
}

fn goes_on(closing: &Closing) -> String {
    format!("goes on with the {} left", count(closing.summary.counts.left()))
}

/// The command that goes on after a cap was reached. That of a job never leaves room again by itself: it is raised to
/// what the rest needs.
fn after_cap(reached: &CapReached, closing: &Closing) -> (String, String) {
    let (same, goes_on) = (command(closing.program, closing.arguments), goes_on(closing));
    match reached.kind {
        CapKind::Run => (same, format!("{goes_on}, up to the cap again")),
        CapKind::Day => (same, format!("{goes_on} tomorrow")),
        CapKind::Month => (same, format!("{goes_on} next month")),
        CapKind::Job => {
            let (flag, most) = (reached.kind.flag(), enough(reached, closing));
            // What one job needs is no cap for the others.
            if !closing.is_alone {
                return (same, format!("{goes_on}, if you raise {flag} to {most}"));
            }
            (command(closing.program, &raised(closing.arguments, flag, most)), format!("{goes_on}, with a higher cap"))
        }
    }
}

/// Whole dollars that are enough for the job and all that is left of it, if that costs what went before.
fn enough(reached: &CapReached, closing: &Closing) -> u64 {
    let left = closing.summary.counts.left().max(1);
    let spent = closing.so_far.settled + closing.so_far.lost;
    let sum = closing.in_all.unwrap_or(spent + reached.next.times(left)).max(spent);
    // Also the last request leaves only if there is room for the most that it may cost.
    let share = Usd::from_nanos((sum - spent).nanos() / i64::try_from(left).unwrap_or(i64::MAX));
    let sum = sum + (reached.next - share).max(Usd::ZERO);
    let dollars = |sum: Usd| sum.nanos().max(0).unsigned_abs().div_ceil(1_000_000_000);
    dollars(sum).max(dollars(reached.most + Usd::from_nanos(1)))
}

/// The same words with another value of this flag, which they may not have named.
fn raised(arguments: &[String], flag: &str, most: u64) -> Vec<String> {
    let mut words = arguments.to_vec();
    let joined = format!("{flag}=");
    match words.iter().position(|word| word == flag || word.starts_with(&joined)) {
        Some(place) if words[place] == flag && place + 1 < words.len() => words[place + 1] = most.to_string(),
        Some(place) => words[place] = format!("{joined}{most}"),
        None => words.extend([flag.to_owned(), most.to_string()]),
    }
    words
}

/// A command for the job, up to what chooses among its items.
fn on_job(verb: &str, closing: &Closing) -> String {
    let mut words = vec![verb.to_owned(), closing.job_argument.to_owned()];
    words.extend_from_slice(closing.flags);
    if closing.rehearsal {
        words.push("--rehearse".into());
    }
    command(closing.program, &words)
}

fn command(program: &str, arguments: &[String]) -> String {
    let words = std::iter::once(program).chain(arguments.iter().map(String::as_str));
    words.map(|word| shell_word(&one_line(word))).collect::<Vec<_>>().join(" ")
}

/// Commands and their purposes, beside each other if there is room for all, else below each other.
fn beside(steps: &[(String, String)], columns: usize) -> Vec<String> {
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let command_width = widest(&mut steps.iter().map(|(command, _)| command));
    let purpose_width = widest(&mut steps.iter().map(|(_, purpose)| purpose));
    let fits = "  ".len() + command_width + "  # ".len() + purpose_width <= columns;
    let lines = steps.iter().map(|(command, purpose)| match fits {
        true => format!("  {command:<command_width$}  # {purpose}"),
        false => format!("  # {purpose}\n  {}", folded(command, columns)),
    });
    lines.collect()
}

/// A command that is too wide for the terminal, over several lines that a shell takes as one: the terminal would break
/// it within words. A flag stays with its value. A quoted blank must not become a line end, so what is quoted stays as it is.
fn folded(command: &str, columns: usize) -> String {
    if command.contains('\'') {
        return command.to_owned();
    }
    let room = columns.saturating_sub(HANGING.len() + " \\".len());
    let mut units: Vec<String> = Vec::new();
    for word in command.split(' ') {
        match units.last_mut() {
            Some(flag) if flag.starts_with("--") && !flag.contains(KEPT) && !word.starts_with('-') => {
                *flag += &format!("{KEPT}{word}");
            }
            _ => units.push(word.to_owned()),
        }
    }
    wrap(&units.join(" "), room).join(&format!(" \\\n{HANGING}")).replace(KEPT, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_cap_is_raised_where_it_was_named_and_added_where_it_was_not() {
        for (typed, expected) in [
            ("run a.csv --max-cost 5 -q", "run a.csv --max-cost 11 -q"),
            ("run a.csv --max-cost=5 -q", "run a.csv --max-cost=11 -q"),
            ("run a.toml --max-cost-per-day 5", "run a.toml --max-cost-per-day 5 --max-cost 11"),
        ] {
            assert_eq!(raised(&words(typed), "--max-cost", 11), words(expected));
        }
    }

    #[test]
    fn a_command_that_is_too_wide_breaks_between_words_as_a_shell_reads_it() {
        let command = "overnight run jobs/spring.toml --max-cost 11";
        assert_eq!(folded(command, 80), command);
        assert_eq!(folded(command, 40), "overnight run jobs/spring.toml \\\n      --max-cost 11");
        assert_eq!(folded("overnight run 'my list.csv'", 20), "overnight run 'my list.csv'");
    }
}
