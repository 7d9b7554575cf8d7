//! `run --changed`: finished items whose rows read otherwise are made again. Never loses what they had.

use serde_json::Value;

use crate::support::process::Ended;
use crate::support::workspace::Workspace;

/// A workspace whose list was made, and then edited to this.
fn edited(first: &str, then: &str) -> Workspace {
    let here = Workspace::new();
    here.write("list.csv", first);
    run(&here, "").exits(0);
    here.write("list.csv", then);
    here
}

fn run(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("run list.csv --rehearse {words}")).end()
}

fn attempts(here: &Workspace) -> Value {
    here.status("list --rehearse")["attempts"].clone()
}

/// The pictures in the output folder, and those in `.versions`.
fn pictures(here: &Workspace) -> [Vec<String>; 2] {
    ["output/list-rehearsal", "output/list-rehearsal/.versions"].map(|folder| here.pictures(folder))
}

fn is_as_kept(here: &Workspace) {
    here.overnight("verify list --rehearse").end().exits(0);
}

#[test]
fn what_changed_is_told_and_made_again_when_that_is_asked_for() {
    let here = edited("id,prompt\na,a cup\nb,a jug\n", "id,prompt\na,a golden cup\nb,a jug\n");
    for _ in 0..2 {
        let kept = "1 item kept as already asked for, though the manifest says otherwise now: it is finished, and --changed \
                    makes it again";
        run(&here, "").exits(0).says(&[kept]);
    }
    assert_eq!(attempts(&here), 2);
    run(&here, "--changed").exits(0).says(&["1 finished item changed since it was made, and is made again"]);
    assert_eq!(pictures(&here), [vec!["a", "b"], vec!["a~1"]]);
    let status = here.status("list --rehearse");
    assert_eq!((&status["counts"]["done"], &status["images"], &status["attempts"]), (&2.into(), &3.into(), &3.into()));
    is_as_kept(&here);
    run(&here, "--changed").exits(0).says(&["nothing to do"]);
    assert_eq!(attempts(&here), 3);
    let story = here.overnight("show list a --rehearse --json").end().exits(0).json();
    assert_eq!(
        (&story["request"]["prompt"], &story["versions"][0]["prompt"]),
        (&"a golden cup".into(), &"a cup".into())
    );
    let page = here.overnight("show list a --rehearse").end().exits(0).stdout;
    assert!(page.contains("Earlier versions:") && page.contains("prompt a cup"), "{page}");
}

#[test]
fn a_job_file_and_the_environment_can_ask_for_it() {
    let here = edited("id,prompt\na,a cup\n", "id,prompt\na,a golden cup\n");
    here.overnight("run list.csv --rehearse").env("OVERNIGHT_CHANGED", "true").end().exits(0);
    assert_eq!(attempts(&here), 2);
    here.write("list.csv", "id,prompt\na,a silver cup\n");
    here.write("list.toml", "manifest = \"list.csv\"\nchanged = true\n");
    here.overnight("run list.toml --rehearse").end().exits(0);
    assert_eq!(attempts(&here), 3);
}

#[test]
fn under_another_name_the_earlier_files_become_a_version_as_well() {
    let here = edited("id,prompt,name\na,a cup,old/cup\n", "id,prompt,name\na,a golden cup,new/cup\n");
    run(&here, "--changed").exits(0);
    assert_eq!(pictures(&here), [vec!["new/cup"], vec!["old/cup~1"]]);
    assert!(here.path("output/list-rehearsal/.versions/old/cup~1.txt").exists(), "with its caption");
    is_as_kept(&here);
}

#[test]
fn items_may_change_their_names_with_each_other() {
    let here = edited("id,prompt,name\na,a cup,x\nb,a jug,y\n", "id,prompt,name\na,a cup,y\nb,a jug,x\n");
    let bytes = |name: &str| std::fs::read(here.path(&format!("output/list-rehearsal/{name}.png")));
    let before = [bytes("x"), bytes("y")].map(Result::ok);
    run(&here, "--changed -c 1").exits(0);
    assert_eq!([bytes("y"), bytes("x")].map(Result::ok), before);
    assert_eq!(pictures(&here), [vec!["x", "y"], vec!["x~1", "y~1"]]);
    is_as_kept(&here);
}

#[test]
fn what_cannot_be_made_again_keeps_its_earlier_picture_where_it_was() {
    let here = edited("id,prompt,name\na,a cup,x\n", "id,prompt,name\na,a cup [[simulate:refused]],y\n");
    run(&here, "--changed").exits(3);
    assert_eq!(pictures(&here), [vec!["x"], vec![]]);
    is_as_kept(&here);
    let page = here.overnight("show list a --rehearse").end().exits(0).stdout;
    assert!(page.contains("stands as") && page.contains("/x."), "{page}");
    here.write("list.csv", "id,prompt,name\na,a cup,x\n");
    run(&here, "--changed").exits(0);
    assert_eq!(attempts(&here), 2, "the picture it had is the one that is asked for");
    is_as_kept(&here);
}

#[test]
fn only_what_the_run_sends_is_made_again_and_the_rest_keeps_its_pictures() {
    for words in ["--id b", "--limit 1", "--sample 1", "--pilot 1"] {
        let here =
            edited("id,prompt\na,a cup\nb,a jug\nc,a pot\n", "id,prompt\na,a tin cup\nb,a tin jug\nc,a tin pot\n");
        run(&here, &format!("--changed {words}"));
        let status = here.status("list --rehearse");
        assert_eq!((&status["counts"]["done"], &status["attempts"]), (&3.into(), &4.into()), "{words}");
        // Nobody asked this run to make anything again.
        run(&here, "").exits(0).says(&["2 items kept as already asked for"]);
        assert_eq!(attempts(&here), 4, "{words}");
        is_as_kept(&here);
        run(&here, "--changed").exits(0);
        assert_eq!(attempts(&here), 6, "{words}");
    }
}

#[test]
fn no_picture_takes_the_place_of_a_finished_one() {
    let first = "id,prompt,name\na,a cup,n1\nb,a jug,n2\n";
    let [renamed, gone] =
        ["id,prompt,name\na,a cup,n1\nb,a jug,n3\nc,a pot,n2\n", "id,prompt,name\na,a cup,n1\nc,a pot,n2\n"];
    for then in [renamed, gone] {
        let here = edited(first, then);
        let before = here.files("output/list-rehearsal");
        run(&here, "").exits(2).says(&["list.csv:", "as that of item `b`", "nothing was sent"]);
        assert_eq!(here.files("output/list-rehearsal"), before, "{then}");
        is_as_kept(&here);
        assert_eq!(attempts(&here), 2);
    }
    // Two that are made again both may take each other's.
    let here = edited(first, "id,prompt,name\na,a cup,n2\nb,a jug,n1\n");
    run(&here, "--changed").exits(0);
    is_as_kept(&here);
}
