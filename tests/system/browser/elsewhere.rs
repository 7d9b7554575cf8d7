//! Who is not the reviewer: without the link, with one that was used, from another page. Nothing is read and nothing is
//! driven from there.

use std::collections::BTreeMap;

use super::desk::{Desk, begin, exported, field, made};
use super::visitor::Visitor;
use crate::support::server::{Play, Server, http};

const LIST: &str = "id,prompt\nmug,a red mug\nvase,a tall vase\n";

/// What would change something.
const APPROVE: &str = r#"{"items":[1,2],"word":{"decide":"approved"}}"#;

#[test]
fn without_the_link_nobody_gets_in_and_it_works_once() {
    let here = made(LIST);
    let (review, address) = begin(&here, "list");
    let (stranger, link) = Visitor::at(&address);
    let paths = ["/", "/found", "/cards?view=1&from=0&to=9", "/item/1?view=1&place=0", "/thumbnail/1/reference-0"];
    for path in paths.iter().chain(&["/review.js", "/?token=", "/?token=00000000000000000000000000000000", "/nowhere"])
    {
        let answer = stranger.get(path);
        assert!(answer.status == 403 && !answer.text().contains("mug"), "{path}: {answer:?}");
    }
    for path in ["/say", "/undo", "/send-back", "/live", "/values"] {
        assert_eq!(stranger.post(path, &[], APPROVE).status, 403, "{path}");
    }
    let reviewer = Visitor::enter(&address);
    assert!(reviewer.get("/").text().contains("mug"));
    let again = stranger.get(&link);
    assert!(again.status == 403 && again.text().contains("used already"), "{again:?}");
    // Whoever is in comes by the same link again.
    assert!(reviewer.get(&link).status < 400);
    let guessed = Visitor { cookie: reviewer.cookie[..reviewer.cookie.len() - 1].to_owned() + "x", ..reviewer.clone() };
    assert_eq!(guessed.get("/").status, 403);
    // The pass of a review is worth nothing at the next.
    drop(review);
    let (_review, address) = begin(&here, "list");
    let late = Visitor { cookie: reviewer.cookie, ..Visitor::at(&address).0 };
    assert_eq!(late.get("/").status, 403);
}

#[test]
fn a_name_that_leads_here_from_elsewhere_is_not_answered() {
    let here = made(LIST);
    let (_review, address) = begin(&here, "list");
    let reviewer = Visitor::enter(&address);
    let port = reviewer.host.rsplit_once(':').unwrap().1;
    for host in
        ["evil.example", &format!("evil.example:{port}"), &format!("127.0.0.1.evil.example:{port}"), "192.168.0.7"]
    {
        let answer = reviewer.ask("GET /", &[("host", host), ("cookie", &reviewer.cookie)], "");
        assert!(answer.status == 403 && !answer.text().contains("mug"), "{host}: {answer:?}");
        let origin = format!("http://{host}");
        let answer = reviewer.post("/say", &[("host", host), ("origin", &origin)], APPROVE);
        assert_eq!(answer.status, 403, "{host}");
    }
    assert_eq!(field(&exported(&here, "--verdicts"), "verdict"), ["", ""]);
}

#[test]
fn what_changes_something_comes_from_the_page_itself() {
    let here = made(LIST);
    let (_review, address) = begin(&here, "list");
    let reviewer = Visitor::enter(&address);
    let wrong: [&[(&str, &str)]; 8] = [
        &[("origin", "http://evil.example")],
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", &format!("https://{}", reviewer.host))],
        &[("origin", "null")],
        &[("origin", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "")],
    ];
    for headers in wrong {
        for path in ["/say", "/undo", "/send-back"] {
            assert_eq!(reviewer.post(path, headers, APPROVE).status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(
        reviewer
            .ask(
                "GET /",
                &[("host", &reviewer.host), ("cookie", &reviewer.cookie), ("sec-fetch-site", "same-site")],
                ""
            )
            .status,
        403
    );
    assert_eq!(field(&exported(&here, "--verdicts"), "verdict"), ["", ""]);
    // What is right but for that is done.
    let keys: Vec<String> = reviewer.cards().into_iter().map(|(key, _)| key).collect();
    let approve = APPROVE.replace("[1,2]", &format!("[{}]", keys.join(",")));
    assert_eq!(reviewer.post("/say", &[], &approve).status, 200);
    assert_eq!(field(&exported(&here, "--verdicts"), "verdict"), ["approved", "approved"]);
}

/// A page that tries everything that a page can against a review, and keeps what came of it.
const EVIL: &str = r#"<!doctype html><title>evil</title><body><script>
const at = "{origin}", approve = '{approve}';
const loads = (tag, address, more) => new Promise((yes, no) => {
  const element = Object.assign(document.createElement(tag), more);
  element.onload = () => yes(element);
  element.onerror = () => no(new Error("not loaded"));
  element[tag === "link" ? "href" : "src"] = address;
  document.body.append(element);
});
const post = (options) => fetch(at + "/say", { method: "POST", credentials: "include", body: approve, ...options });
const tries = {
  read: () => fetch(at + "/", { credentials: "include" }).then((answer) => answer.text()),
  pass: () => fetch(at + "/", { credentials: "include", mode: "no-cors" }).then((answer) => answer.text()).then((text) => text || Promise.reject()),
  json: () => post({ headers: { "Content-Type": "application/json" } }),
  plain: () => post({}).then((answer) => answer.text()),
  picture: () => loads("img", at + "{picture}"),
  thumbnail: () => loads("img", at + "{picture}".replace("/picture/", "/thumbnail/")),
  script: () => loads("script", at + "/review.js"),
  frame: () => loads("iframe", at + "/").then((frame) => frame.contentDocument.body.innerText),
  blind: () => post({ mode: "no-cors" }).then(() => Promise.reject()),
  form: () => {
    const [start, end] = approve.split('"items"');
    const form = Object.assign(document.createElement("form"), { method: "post", enctype: "text/plain", action: at + "/say", target: "hole" });
    form.append(Object.assign(document.createElement("input"), { name: start + '"person":"', value: '","items"' + end }));
    document.body.append(form);
    const done = loads("iframe", "about:blank", { name: "hole" }).then((frame) => new Promise((yes) => { frame.onload = yes; form.submit(); }));
    return done.then(() => Promise.reject());
  },
};
window.done = Promise.all(Object.entries(tries).map(([name, attempt]) =>
  Promise.race([attempt(), new Promise((_, no) => setTimeout(no, 5000))]).then((got) => [name, "got " + got], () => [name, "nothing"])));
</script>"#;

#[test]
fn a_page_of_another_origin_reads_nothing_and_says_nothing() {
    let here = made(LIST);
    let desk = Desk::of(&here, "list");
    let cards = "[...document.querySelectorAll('.card')].map((card) => [card.dataset.key, card.dataset.picture])";
    let cards: Vec<(String, String)> = serde_json::from_value(desk.page.eval(cards)).unwrap();
    let keys: Vec<&str> = cards.iter().map(|(key, _)| key.as_str()).collect();
    let picture = format!("/picture/{}/{}", cards[0].0, cards[0].1);
    let approve = APPROVE.replace("1,2", &keys.join(","));
    let evil = EVIL.replace("{origin}", &desk.origin).replace("{approve}", &approve).replace("{picture}", &picture);
    let page = http(200, &[("content-type", "text/html")], evil.as_bytes());
    let server = Server::start(vec![Play::Reply(page); 20]);
    // A port of this machine is of the same site, and its cookies come along; another name is of another site.
    for address in [server.url(), server.url().replace("127.0.0.1", "localhost")] {
        desk.page.open(&address);
        let came: BTreeMap<String, String> =
            serde_json::from_value(desk.page.eval("done.then(Object.fromEntries)")).unwrap();
        assert_eq!(came.len(), 10);
        let got: Vec<_> = came.iter().filter(|(_, got)| *got != "nothing").collect();
        assert!(got.is_empty(), "{address}: {got:?}");
    }
    assert_eq!(field(&exported(&here, "--verdicts"), "verdict"), ["", ""]);
    // The reviewer goes on as before.
    desk.page.open(&desk.origin);
    desk.shows(2);
    desk.page.press("a");
    desk.is(0, "approved");
}
