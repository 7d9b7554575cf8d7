//! How a run went, in one line: for cron's mail and for hooks. Never longer than such a line may be.

use std::path::Path;

use crate::domain::{Ending, FailureGroup, Summary};

use super::summary::{changed_nothing, headline};
use super::words::{count, counted, cut, duration, money, one_line};

/// So many causes of failure are named, the commonest first.
const MOST_CAUSES: usize = 3;
/// A cause gets so many columns.
const CAUSE: usize = 160;
/// Why a run ended gets so many.
const WHY: usize = 400;

/// What the line tells of.
#[derive(Debug, Clone, Copy)]
pub struct Brief<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Where the pictures are.
    pub output: &'a Path,
    /// The run in figures.
    pub summary: &'a Summary,
    /// The job's failed items, the largest group first.
    pub groups: &'a [FailureGroup],
    /// Whether a simulator answered, so that nothing was paid.
    pub rehearsal: bool,
}

/// The line, without an end.
pub fn brief(brief: &Brief<'_>) -> String {
    let Brief { job, output, summary, groups, rehearsal } = *brief;
    let mut line = headline(job, summary, None);
    if rehearsal {
        line += " (rehearsal)";
    }
    if !changed_nothing(summary) {
        let (done, failed, took) = (count(summary.done), count(summary.failed), duration(summary.took));
        line += &format!("; {done} made, {failed} failed in {took}, {}", paid(summary, rehearsal));
    }
    if let Some(why) = why(&summary.ending) {
        line += &format!("; {}", cut(&one_line(&why), WHY));
    }
    for group in groups.iter().take(MOST_CAUSES) {
        let cause = format!("{} {}: {}", count(group.items), group.kind, one_line(&group.message));
        line += &format!("; {}", cut(&cause, CAUSE));
    }
    if groups.len() > MOST_CAUSES {
        let more = (groups.len() - MOST_CAUSES) as u64;
        line += &format!("; and {}", counted(more, "more cause", "more causes"));
    }
    if !changed_nothing(summary) && summary.counts.done > 0 {
        line += &format!("; {}", one_line(&output.display().to_string()));
    }
    line
}

fn paid(summary: &Summary, rehearsal: bool) -> String {
    match (summary.cost, rehearsal) {
        (_, true) => "nothing was paid".to_owned(),
        (Some(cost), false) => money(cost),
        (None, false) if summary.images == 0 => "no known cost".to_owned(),
        (None, false) => "cost unknown".to_owned(),
    }
}

fn why(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Halted(failure) => Some(failure.message.clone()),
        Ending::Broken(message) => Some(message.clone()),
        Ending::Budget(reached) => Some(reached.why()),
        Ending::Complete | Ending::Limit(_) | Ending::Deadline(_) => None,
        Ending::Pilot | Ending::Paused { .. } | Ending::Interrupted(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::domain::{Counts, Failure, FailureKind, Held, Usd};

    fn summary(ending: Ending, done: u64, failed: u64) -> Summary {
        let kinds = BTreeMap::from([(FailureKind::Refused, failed)]);
        Summary {
            ending,
            took: Duration::from_secs(38),
            attempts: done + failed,
            done,
            failed,
            images: done,
            lost: 0,
            cost: Some(Usd::from_nanos(33_600_000).times(done)),
            held: Held::default(),
            projected: None,
            counts: Counts { done, failed: kinds, ..Counts::default() },
            narrowed: None,
        }
    }

    fn line(summary: &Summary, groups: &[FailureGroup]) -> String {
        let output = Path::new("/shop/output/spring");
        brief(&Brief { job: "spring", output, summary, groups, rehearsal: false })
    }

    #[test]
    fn a_run_is_told_in_one_line_whatever_became_of_it() {
        let group = |message: &str| FailureGroup {
            kind: FailureKind::Refused,
            message: message.to_owned(),
            items: 2,
            examples: vec![],
        };
        let long = "no ".repeat(500);
        let told = [
            line(&summary(Ending::Complete, 24, 0), &[]),
            line(&summary(Ending::Complete, 0, 0), &[]),
            line(&summary(Ending::Complete, 22, 2), &[group("the model refused:\n\u{1b}[2JIMAGE_SAFETY")]),
            line(&summary(Ending::Halted(Failure::new(FailureKind::Fatal, "the key\nis wrong")), 1, 0), &[]),
        ];
        insta::assert_snapshot!(told.join("\n"), @r"
        spring: all 24 items are done; 24 made, 0 failed in 38 s, $0.81; /shop/output/spring
        spring: nothing to do: 0 of 0 done
        spring: finished, but 2 of 24 items failed; 22 made, 2 failed in 38 s, $0.74; 2 refused: the model refused: IMAGE_SAFETY; /shop/output/spring
        spring: halted, 0 of 1 item still queued; 1 made, 0 failed in 38 s, $0.0336; the key is wrong; /shop/output/spring
        ");
        let many = [group(&long), group(&long), group(&long), group(&long)];
        let told = line(&summary(Ending::Complete, 22, 2), &many);
        assert!(told.len() < 1_000 && told.contains("; and 1 more cause"), "{told}");
    }
}
