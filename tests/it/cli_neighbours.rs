//! Jobs of one database that share an output folder: neither takes the other's pictures for its own. Never two databases.

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// Two lists, each of which makes `mug` into the folder `shop`, if run so.
fn with_two_lists() -> Workspace {
    let here = Workspace::new();
    here.write("spring.csv", "id,prompt,name\ns1,a jug,jug\ns2,a mug,mug\n");
    here.write("summer.csv", "id,prompt,name\nu1,a pot,pot\nu2,another mug,mug\n");
    here
}

const REFUSAL: [&str; 6] = [
    "summer.csv:3:",
    "`u2`",
    "`mug`",
    "job `spring`",
    "its own --output, or the items other names",
    "nothing was sent",
];

#[test]
fn a_job_whose_pictures_would_take_the_place_of_anothers_is_refused_before_anything_is_sent() {
    let (here, simulator) = (with_two_lists(), Simulated::start());
    let run = |words: &str| here.overnight(&format!("run {words}")).at(&simulator.url()).end();
    run("spring.csv -o shop").exits(0);
    run("summer.csv -o shop").exits(2).says(&REFUSAL);
    assert_eq!((simulator.stats().requests, here.pictures("shop")), (2, vec!["jug".to_owned(), "mug".to_owned()]));
    here.overnight("verify spring").end().exits(0);
    run("spring.csv -o shop").exits(0);
    assert_eq!(simulator.stats().requests, 2, "what is done is not asked for again");
}

#[test]
fn a_refused_job_goes_on_in_a_folder_of_its_own_or_with_other_names() {
    let (here, simulator) = (with_two_lists(), Simulated::start());
    let run = |words: &str| here.overnight(&format!("run {words}")).at(&simulator.url()).end();
    run("spring.csv -o shop").exits(0);
    run("summer.csv -o shop").exits(2);
    run("summer.csv -o elsewhere --limit 1").exits(5);
    here.write("autumn.csv", "id,prompt,name\na1,a cup,mug\n");
    run("autumn.csv -o shop").exits(2).says(&["autumn.csv:2:", "job `spring`"]);
    here.write("autumn.csv", "id,prompt,name\na1,a cup,cup\n");
    run("autumn.csv -o shop").exits(0);
    run("summer.csv -o elsewhere").exits(0);
    assert_eq!(
        (here.pictures("shop"), here.pictures("elsewhere").len()),
        (["cup", "jug", "mug"].map(str::to_owned).into(), 2)
    );
    for job in ["spring", "summer", "autumn"] {
        here.overnight(&format!("verify {job}")).end().exits(0);
    }
}

#[test]
fn what_another_job_still_waits_for_is_its_own_and_a_refused_job_is_in_nobodys_way() {
    let (here, simulator) = (with_two_lists(), Simulated::start());
    let run = |words: &str| here.overnight(&format!("run {words}")).at(&simulator.url()).end();
    run("spring.csv -o shop --limit 1").exits(5);
    run("summer.csv -o shop").exits(2).says(&REFUSAL);
    run("spring.csv -o shop").exits(0);
    run("summer.csv -o shop").exits(2).says(&REFUSAL);
    assert_eq!(simulator.stats().requests, 2);
}

#[test]
fn what_another_run_is_about_to_make_is_refused_though_it_was_known_later() {
    let (here, simulator, gate) = (with_two_lists(), Simulated::start(), Gate::shut());
    let run = |words: &str, url: &str| here.overnight(&format!("run {words} -o shop")).at(url);
    here.write("spring.csv", "id,prompt,name\ns1,a jug,jug\n");
    run("spring.csv", &simulator.url()).end().exits(0);
    let later = run("summer.csv -c 1", &gate.url()).start();
    gate.wait_for(1);
    here.write("spring.csv", "id,prompt,name\ns1,a jug,jug\ns2,a mug,mug\n");
    run("spring.csv", &simulator.url()).end().exits(2).says(&["spring.csv:3:", "job `summer`"]);
    gate.open();
    later.end().exits(0);
    assert_eq!((simulator.stats().requests, gate.seen().len()), (1, 2));
}

#[test]
fn of_two_jobs_in_one_command_neither_is_run_if_they_would_share_a_picture() {
    let (here, simulator) = (with_two_lists(), Simulated::start());
    for name in ["spring", "summer"] {
        let job = format!("manifest = \"{name}.csv\"\noutput = \"shop\"\nbase_url = \"{}\"\n", simulator.url());
        here.write(&format!("{name}.toml"), &job);
    }
    let both = || here.overnight("run spring.toml summer.toml").end();
    both().exits(2).says(&REFUSAL);
    assert_eq!(simulator.stats().requests, 0);
    here.write("summer.csv", "id,prompt,name\nu1,a pot,pot\nu2,another mug,mug-2\n");
    both().exits(0);
    assert_eq!(here.pictures("shop"), ["jug", "mug-2", "mug", "pot"]);
}

#[test]
fn a_rehearsal_finds_it_out_and_is_itself_in_no_jobs_way() {
    let (here, simulator) = (with_two_lists(), Simulated::start());
    here.overnight("run spring.csv -o shop --rehearse").end().exits(0);
    here.overnight("run summer.csv -o shop --rehearse").end().exits(2).says(&REFUSAL);
    here.overnight("run summer.csv -o shop").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().requests, 2);
}
