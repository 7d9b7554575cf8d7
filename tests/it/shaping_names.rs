//! How the items of rows that a job file shapes are called: by templates, the values of the matrix and variants.

use crate::shaping::Shop;

/// The ids and names of the only row's items, `Handle` being `mug`.
fn called(job: &str) -> Vec<(String, String)> {
    let shop = Shop::new("l.csv", "Handle,prompt\nmug,a mug\n", job);
    let names = |item: overnight::domain::Item| (item.id.as_str().to_owned(), item.name);
    shop.items().into_iter().map(names).collect()
}

fn ids(job: &str) -> Vec<String> {
    called(job).into_iter().map(|(id, _)| id).collect()
}

const MATRIX: &str = "[matrix]\nbackground = ['Light Oak', '!']\nangle = [1, 2]\n";

#[test]
fn ids_and_names_take_the_values_of_the_matrix_unless_their_templates_do() {
    let job = format!("[template]\nid = '{{{{ Handle }}}}'\n{MATRIX}");
    assert_eq!(ids(&job), ["mug-light-oak-1", "mug-light-oak-2", "mug-2-1", "mug-2-2"]);
    let job = format!(
        "[template]\nid = '{{{{ background }}}}-{{{{ Handle }}}}'\nname = '{{{{ angle }}}}/{{{{ Handle }}}}'\n{MATRIX}"
    );
    let (first, last) = (called(&job).remove(0), called(&job).remove(3));
    assert_eq!(first, ("Light Oak-mug-1".to_owned(), "1/mug-light-oak".to_owned()));
    assert_eq!(last, ("!-mug-2".to_owned(), "2/mug-2".to_owned()));
}

#[test]
fn a_value_that_an_included_piece_names_is_not_added_again() {
    let job = format!("[template]\nid = \"{{% include 'id' %}}\"\n{MATRIX}");
    let shop = Shop::new("l.csv", "Handle,prompt\nmug,a mug\n", &job)
        .with("jobs/partials/id", "{% include 'inner' %}-{{ angle }}")
        .with("jobs/partials/inner", "{{ Handle }}-{{ background | slug }}");
    let ids: Vec<String> = shop.items().iter().map(|item| item.id.as_str().to_owned()).collect();
    assert_eq!(ids, ["mug-light-oak-1", "mug-light-oak-2", "mug--1", "mug--2"]);
}

#[test]
fn variants_are_numbered_unless_the_template_does_it() {
    assert_eq!(ids("[template]\nid = '{{ Handle }}'\nvariants = 2\n"), ["mug-1", "mug-2"]);
    assert_eq!(ids("[template]\nid = '{{ Handle }}'\nvariants = 1\n"), ["mug"]);
    assert_eq!(ids("[template]\nid = 'v{{ variant }}-{{ Handle }}'\nvariants = 2\n"), ["v1-mug", "v2-mug"]);
    // The word alone is no number.
    assert_eq!(ids("[template]\nid = 'variant {{ Handle }}'\nvariants = 2\n"), ["variant mug-1", "variant mug-2"]);
    let names = called("[template]\nid = '{{ Handle }}'\nname = '{{ Handle }}/{{ variant }}'\nvariants = 2\n");
    assert_eq!(names[1], ("mug-2".to_owned(), "mug/2".to_owned()));
    let both = ids("[template]\nid = '{{ Handle }}'\nvariants = 2\n[matrix]\nview = ['a', 'b']\n");
    assert_eq!(both, ["mug-a-1", "mug-a-2", "mug-b-1", "mug-b-2"]);
}

#[test]
fn a_key_of_the_matrix_that_is_a_column_sets_it() {
    let job =
        "[template]\nid = 'm'\nprompt = '{{ Handle }} {{ aspect_ratio }}'\n[matrix]\naspect_ratio = ['1:1', '4:5']\n";
    let items = Shop::new("l.csv", "Handle,aspect_ratio\nmug,16:9\n", job).items();
    let asked: Vec<String> = items
        .iter()
        .map(|item| format!("{} {} {}", item.id, item.request.prompt, item.request.aspect_ratio.unwrap()))
        .collect();
    assert_eq!(asked, ["m-1-1 mug 1:1 1:1", "m-4-5 mug 4:5 4:5"]);
    let job =
        "[template]\nprompt = 'p'\ntemperature = '{{ temperature | float / 2 }}'\n[matrix]\ntemperature = [1, 0.5]\n";
    let items = Shop::new("l.csv", "a\nx\n", job).items();
    let temperatures: Vec<_> = items.iter().map(|item| item.request.temperature).collect();
    assert_eq!(temperatures, [Some(0.5), Some(0.25)], "a template of the column knows the value");
}
