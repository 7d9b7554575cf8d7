//! The ways to a server: through a proxy, with a certificate authority of one's own, around the proxy, to IPv6, below a
//! path. Never leaves loopback: a host's name is known to the proxy alone.

use std::net::TcpListener;

use crate::support::gate::small_picture;
use crate::support::server::{Play, Server, http, json};
use crate::support::tls::{Authority, ForwardProxy, SecureServer};
use crate::support::workspace::{Invocation, Workspace};

/// A name that no resolver knows (`.test` is reserved for this).
const HOST: &str = "gateway.test";

/// A server for [`HOST`], the authority behind it, and the only way there.
struct Company {
    here: Workspace,
    server: SecureServer,
    proxy: ForwardProxy,
}

impl Company {
    fn new() -> Self {
        Self::with_certificate_for(HOST)
    }

    fn with_certificate_for(host: &str) -> Self {
        let (here, authority) = (Workspace::with_list(2), Authority::new());
        here.write("company.pem", &authority.pem());
        let reply = http(200, &[("content-type", "application/json")], small_picture().as_bytes());
        let server = SecureServer::start(&authority, host, reply);
        let proxy = ForwardProxy::before(&server);
        Self { here, server, proxy }
    }

    fn run(&self, words: &str) -> Invocation {
        self.run_within("20s", words)
    }

    fn run_within(&self, time: &str, words: &str) -> Invocation {
        let words = format!("run list.csv --max-attempts 1 --connect-timeout {time} {words}");
        let run = self.here.overnight(&words);
        run.at(&format!("https://{HOST}/gemini")).env("HTTPS_PROXY", &self.proxy.url())
    }
}

#[test]
fn pictures_come_through_a_proxy_from_a_server_with_a_certificate_of_the_companys_own() {
    let company = Company::new();
    company.run("--ca-file company.pem").end().exits(0);
    assert_eq!(company.here.pictures("output/list"), ["item-1", "item-2"]);
    assert!(company.proxy.asked().iter().all(|line| line == "CONNECT gateway.test:443 HTTP/1.1"));
    let seen = company.server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].target().starts_with("/gemini/v1beta/models/"), "{}", seen[0].target());
    assert_eq!(seen[0].header("host"), Some(HOST));
    assert_eq!(seen[0].header("x-goog-api-key"), Some("test-key"));
}

#[test]
fn the_authority_can_stand_in_the_environment_or_in_the_job_file() {
    let company = Company::new();
    company.run("--limit 1").env("OVERNIGHT_CA_FILE", "company.pem").end().exits(5);
    let job = format!("manifest = '../list.csv'\nca_file = '../company.pem'\nbase_url = 'https://{HOST}'\n");
    company.here.write("jobs/night.toml", &job);
    let run = company.here.overnight_in("jobs", "run night.toml").env("HTTPS_PROXY", &company.proxy.url());
    run.end().exits(0);
    assert_eq!(company.server.seen().len(), 3);
}

#[test]
fn a_certificate_that_nobody_vouches_for_stops_the_run_with_a_word_on_what_to_do() {
    let company = Company::new();
    let ended = company.run("-c 1").end().exits(4);
    ended.says(&["the certificate of gateway.test is not accepted", "--ca-file"]);
    assert!(company.server.seen().is_empty(), "nothing was sent to a stranger");
    assert_eq!(company.here.status("list")["counts"]["queued"], 2, "and nothing is lost");
    assert_eq!(company.here.status("list")["lost_attempts"], 0);
}

#[test]
fn a_certificate_of_another_host_stops_the_run_too() {
    let company = Company::with_certificate_for("other.test");
    company.run("--ca-file company.pem").end().exits(4).says(&["made out for another host: check the base URL"]);
    assert!(company.server.seen().is_empty());
}

#[test]
fn a_ca_file_of_no_use_is_refused_before_anything_is_sent() {
    let company = Company::new();
    for (file, words) in [("none.pem", "cannot be read"), ("list.csv", "holds no certificate")] {
        let ended = company.run(&format!("--ca-file {file}")).end().exits(2);
        ended.says(&["the CA file", file, words]);
    }
    assert!(company.proxy.asked().is_empty());
}

#[test]
fn a_host_that_no_proxy_names_is_asked_directly() {
    let company = Company::new();
    // Who looks for a name that there is not may be left without an answer.
    let run = company.run_within("2s", "--ca-file company.pem --limit 1").env("NO_PROXY", "example.org,gateway.test");
    run.end().says(&["no connection to gateway.test"]);
    assert!(company.proxy.asked().is_empty());
}

#[test]
fn plain_http_goes_through_its_own_proxy() {
    let (here, proxy) = (Workspace::with_list(1), Server::start([json(200, &small_picture())]));
    let run = here.overnight("run list.csv").at("http://gateway.test/gemini").env("HTTP_PROXY", &proxy.url());
    run.env("HTTPS_PROXY", "http://127.0.0.1:1").end().exits(0);
    assert!(proxy.only().target().starts_with("http://gateway.test/gemini/v1beta/models/"), "{}", proxy.only().line);
}

#[test]
fn a_proxy_is_told_the_name_and_password_in_its_address_and_nobody_else_is() {
    let (here, proxy) = (Workspace::with_list(1), Server::start([json(200, &small_picture())]));
    let address = proxy.url().replace("http://", "http://night:s3cr3t@");
    let ended = here.overnight("run list.csv -vvv").at("http://gateway.test").env("all_proxy", &address).end();
    ended.exits(0).never_says("s3cr3t");
    assert_eq!(proxy.only().header("proxy-authorization"), Some("Basic bmlnaHQ6czNjcjN0"));
}

#[test]
fn a_proxy_that_lets_nobody_through_is_told_and_its_password_is_not() {
    let refused = Play::ReplyAndClose(http(407, &[], b""));
    let (here, proxy) = (Workspace::with_list(1), Server::start(std::iter::repeat_n(refused, 9)));
    let address = proxy.url().replace("http://", "http://night:s3cr3t@");
    let run = here.overnight("run list.csv --max-attempts 1 -vvv").at("https://gateway.test");
    let ended = run.env("https_proxy", &address).end();
    ended.says(&["no connection to gateway.test", "proxy authorization required"]).never_says("s3cr3t");
    assert_eq!(proxy.seen()[0].line, "CONNECT gateway.test:443 HTTP/1.1");
    assert_eq!(proxy.seen()[0].header("proxy-authorization"), Some("Basic bmlnaHQ6czNjcjN0"));
}

#[test]
fn a_proxy_of_a_kind_that_is_not_supported_is_not_gone_around() {
    let here = Workspace::with_list(1);
    let run = here.overnight("run list.csv --max-attempts 1").at("https://gateway.test");
    run.env("ALL_PROXY", "socks5://night:s3cr3t@127.0.0.1:1").end().says(&["`socks5` is not supported"]);
}

#[test]
fn this_machine_is_never_asked_through_a_proxy() {
    let (here, server) = (Workspace::with_list(1), Server::start([json(200, &small_picture())]));
    let run = here.overnight("run list.csv").at(&server.url()).env("HTTP_PROXY", "http://127.0.0.1:1");
    run.end().exits(0);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_server_can_be_named_by_an_ipv6_address() {
    // A machine without IPv6 has nothing to show here.
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let here = Workspace::with_list(1);
    let server = Server::at(listener, [json(200, &small_picture())]);
    assert!(server.url().starts_with("http://[::1]:"), "{}", server.url());
    here.overnight("run list.csv").at(&format!("{}/gemini", server.url())).end().exits(0);
    assert_eq!(server.only().target(), "/gemini/v1beta/models/gemini-3.1-flash-lite-image:generateContent");
}
