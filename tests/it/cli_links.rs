//! Reference images that are links: a list may not say one place and lead to another, when it is read nor when it is sent.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::gate::Gate;
use crate::support::gemini::png;
use crate::support::workspace::Workspace;

/// A stranger's folder `theirs/` with a list that names `cup.png`, and a picture of one's own beside it.
fn strangers_list() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    here.write("theirs/list.csv", "id,prompt,images\na,a cup,cup.png\n");
    fs::write(here.path("own.png"), png(100)).unwrap();
    (here, gate)
}

#[test]
fn a_link_out_of_the_lists_folder_is_a_fault_of_the_list() {
    let (here, gate) = strangers_list();
    symlink(here.path("own.png"), here.path("theirs/cup.png")).unwrap();
    let ended = here.overnight("run theirs/list.csv").at(&gate.url()).end().exits(2);
    ended.says(&["theirs/list.csv:2:9: `images`: `cup.png` is a link to ", "own.png", "--follow-links"]);
    assert!(gate.seen().is_empty());
}

#[test]
fn a_link_of_the_jobs_own_references_is_a_fault_of_the_job() {
    let (here, gate) = strangers_list();
    here.write("theirs/list.csv", "id,prompt\na,a cup\n");
    here.write("theirs/job.toml", "manifest = 'list.csv'\nreferences.always = ['cup.png']\n");
    symlink(here.path("own.png"), here.path("theirs/cup.png")).unwrap();
    let ended = here.overnight("run theirs/job.toml").at(&gate.url()).end().exits(2);
    ended.says(&["theirs/job.toml:2:22: `references.always`: `cup.png` is a link to "]);
    assert!(gate.seen().is_empty());
}

#[test]
fn links_lead_anywhere_if_the_flag_the_variable_or_the_job_says_so() {
    let (here, gate) = strangers_list();
    symlink(here.path("own.png"), here.path("theirs/cup.png")).unwrap();
    let run = |words: &str| here.overnight(words).at(&gate.url());
    run("run theirs/list.csv --follow-links --name one").end().exits(0);
    run("run theirs/list.csv --name two").env("OVERNIGHT_FOLLOW_LINKS", "true").end().exits(0);
    here.write("night.toml", "manifest = 'theirs/list.csv'\nfollow_links = true\n");
    run("run night.toml").end().exits(0);
    run("run night.toml --follow-links=false").end().exits(2);
    assert_eq!(gate.seen().len(), 3);
}

#[test]
fn a_list_that_was_read_with_links_allowed_is_read_again_without() {
    let (here, gate) = strangers_list();
    symlink(here.path("own.png"), here.path("theirs/cup.png")).unwrap();
    here.overnight("run theirs/list.csv --follow-links").at(&gate.url()).end().exits(0);
    here.overnight("run theirs/list.csv").at(&gate.url()).end().exits(2).says(&["is a link to "]);
}

#[test]
fn a_picture_that_becomes_a_link_after_the_list_was_read_is_not_sent() {
    let (here, gate) = (strangers_list().0, Gate::shut());
    fs::write(here.path("theirs/cup.png"), png(100)).unwrap();
    here.write("theirs/list.csv", "id,prompt,images\nfirst,a jug,\na,a cup,cup.png\n");
    let run = here.overnight("run theirs/list.csv -c 1").at(&gate.url()).start();
    // The first request is under way; what the second sends is swapped meanwhile.
    gate.wait_for(1);
    fs::remove_file(here.path("theirs/cup.png")).unwrap();
    symlink(here.path("own.png"), here.path("theirs/cup.png")).unwrap();
    gate.open();
    run.end().exits(3).says(&["leads through a link to "]);
    assert_eq!(gate.seen().len(), 1);
}
