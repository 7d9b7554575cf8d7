//! Fetching what others name: what is refused, each hostile address a case of its own, and what is given up.

use std::io::{BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use overnight::net::{Cause, FetchError, Fetcher, Limits};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

use crate::support::server::{Play, Server, http, read_request};

/// Long enough never to be reached.
const LONG: Duration = Duration::from_secs(30);
/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(100);

/// Names that lead to these addresses.
struct Leads(Vec<IpAddr>);

impl Resolve for Leads {
    fn resolve(&self, _: Name) -> Resolving {
        // With a port of its own, which must not count.
        let addresses: Vec<_> = self.0.iter().map(|ip| SocketAddr::new(*ip, 22)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

fn leading_to(addresses: &[&str]) -> Fetcher {
    let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
    Fetcher::resolving_with(Limits::default(), None, Arc::new(Leads(addresses))).unwrap()
}

/// A fetcher for which this address is the endpoint.
fn at_home(url: &str, limits: Limits) -> Fetcher {
    let own = Some((Url::parse(url).unwrap(), Client::builder().no_proxy().tls_certs_only([])));
    Fetcher::new(limits, own).unwrap()
}

async fn all(fetcher: &Fetcher, url: &str) -> Result<Vec<u8>, FetchError> {
    let mut fetched = fetcher.get(url, LONG).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = fetched.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn expect_refused(fetcher: &Fetcher, url: &str, why: &str) {
    match all(fetcher, url).await {
        Err(FetchError { cause: Cause::Refused(reason), .. }) => assert!(reason.contains(why), "{url}: {reason}"),
        other => panic!("{url}: {other:?}"),
    }
}

/// Each refused by a fetcher that has an endpoint elsewhere, and for this reason.
macro_rules! refused {
    ($($name:ident: $url:expr, $why:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            expect_refused(&at_home("http://127.0.0.1:1", Limits::default()), $url, $why).await;
        }
    )*};
}

refused! {
    loopback: "http://127.0.0.1:8080/a.png", "127.0.0.1";
    loopback_elsewhere_in_its_range: "http://127.9.8.7/", "127.9.8.7";
    loopback_by_its_short_form: "http://127.1/", "127.0.0.1";
    loopback_as_one_number: "http://2130706433/", "127.0.0.1";
    loopback_in_hexadecimal: "http://0x7f000001/", "127.0.0.1";
    loopback_in_octal: "http://0177.0.0.01/", "127.0.0.1";
    loopback_in_wide_digits: "http://１２７.０.０.１/", "127.0.0.1";
    loopback_with_a_last_dot: "http://127.0.0.1./", "127.0.0.1";
    loopback_of_ipv6: "http://[::1]/", "::1";
    loopback_by_name: "http://localhost:9/", "only public";
    unspecified: "http://0.0.0.0/", "0.0.0.0";
    unspecified_of_ipv6: "http://[::]/", "::";
    mapped_into_ipv6: "http://[::ffff:127.0.0.1]/", "127.0.0.1";
    mapped_into_ipv6_in_hexadecimal: "http://[::ffff:a00:1]/", "10.0.0.1";
    compatible_with_ipv6: "http://[::127.0.0.1]/", "::7f00:1";
    translated_to_ipv6: "http://[64:ff9b::10.0.0.1]/", "64:ff9b::a00:1";
    translated_to_ipv6_locally: "http://[64:ff9b:1::808:808]/", "64:ff9b:1::";
    packed_into_6to4: "http://[2002:c0a8:1::1]/", "2002:c0a8:1::1";
    packed_into_teredo: "http://[2001:0:5ef5:79fd::1]/", "2001:0:5ef5";
    private_by_10: "http://10.1.2.3/", "10.1.2.3";
    private_by_172: "https://172.31.0.1/", "172.31.0.1";
    private_by_192: "http://192.168.0.1/", "192.168.0.1";
    carrier_grade_nat: "http://100.64.0.1/", "100.64.0.1";
    link_local: "http://[fe80::1]/", "fe80::1";
    unique_local: "http://[fc00::1]/", "fc00::1";
    metadata: "http://169.254.169.254/latest/meta-data/", "169.254.169.254";
    metadata_of_ipv6: "http://[fd00:ec2::254]/", "fd00:ec2::254";
    metadata_at_a_public_address: "http://168.63.129.16/", "168.63.129.16";
    multicast: "http://224.0.0.1/", "224.0.0.1";
    multicast_of_ipv6: "http://[ff02::1]/", "ff02::1";
    broadcast: "http://255.255.255.255/", "255.255.255.255";
    documentation: "http://192.0.2.1/", "192.0.2.1";
    documentation_of_ipv6: "http://[2001:db8::1]/", "2001:db8::1";
    benchmarks: "http://198.18.0.1/", "198.18.0.1";
    the_endpoint_by_another_port: "http://127.0.0.1:2/", "127.0.0.1";
    a_file: "file:///etc/passwd", "only http and https";
    ftp: "ftp://example.com/a.png", "only http and https";
    gopher: "gopher://example.com:25/", "only http and https";
    embedded_data: "data:image/png;base64,AAAA", "only http and https";
    credentials: "https://user:secret@example.com/a.png", "name or a password";
    credentials_that_look_like_a_host: "https://example.com@127.0.0.1/", "name or a password";
    no_address: "a.png", "no address";
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address() {
    expect_refused(&leading_to(&["10.0.0.7"]), "http://pictures.example/a.png", "10.0.0.7").await;
    expect_refused(&leading_to(&["fd00:ec2::254"]), "https://pictures.example:444/a.png", "fd00:ec2::254").await;
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_beside_a_public_one() {
    expect_refused(&leading_to(&["8.8.8.8", "192.168.1.1"]), "http://pictures.example/", "192.168.1.1").await;
}

#[test]
fn a_proxy_in_the_environment_does_not_lead_around_the_guard() {
    let proxy = Server::start([]);
    let case = "net::a_name_that_resolves_to_a_private_address";
    let output = Command::new(std::env::current_exe().unwrap())
        .args([case, "--exact"])
        .envs(["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, proxy.url())))
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_to_loopback() {
    let inside = Server::start([Play::Reply(http(200, &[], b"secret"))]);
    let server = Server::start([moved(&inside.url())]);
    expect_refused(&at_home(&server.url(), Limits::default()), &server.url(), "127.0.0.1").await;
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_file() {
    let server = Server::start([moved("file:///etc/passwd")]);
    expect_refused(&at_home(&server.url(), Limits::default()), &server.url(), "only http and https").await;
}

#[tokio::test]
async fn a_redirect_without_end() {
    let server = Server::start(std::iter::repeat_n(moved("/again"), 9));
    let error = all(&at_home(&server.url(), Limits::default()), &server.url()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Redirects), "{error:?}");
    assert_eq!(server.seen().len(), 6, "the first and five more");
}

#[tokio::test]
async fn five_redirects_are_followed_and_tell_nobody_where_they_come_from() {
    let hop = Play::Reply(http(307, &[("location", "/next?a=b"), ("set-cookie", "who=me")], b""));
    let server = Server::start(std::iter::repeat_n(hop, 5).chain([Play::Reply(http(200, &[], b"here"))]));
    let url = format!("{}/first?signature=1", server.url());
    assert_eq!(all(&at_home(&server.url(), Limits::default()), &url).await.unwrap(), b"here");
    let seen = server.seen();
    assert_eq!((seen[0].target(), seen[5].target()), ("/first?signature=1", "/next?a=b"));
    for request in seen {
        let told = ["cookie", "referer", "authorization"].iter().find(|name| request.header(name).is_some());
        assert_eq!(told, None);
    }
}

#[tokio::test]
async fn the_endpoint_is_itself_by_name_and_by_default_port_too() {
    let server = Server::start([Play::Reply(http(200, &[], b"here"))]);
    let url = server.url().replace("127.0.0.1", "localhost");
    assert_eq!(all(&at_home(&url, Limits::default()), &format!("{url}/a.png")).await.unwrap(), b"here");
    let fetcher = at_home("http://10.0.0.1/path", Limits { timeout: Duration::ZERO, ..Limits::default() });
    let error = all(&fetcher, "http://10.0.0.1:80/").await.unwrap_err();
    assert!(!matches!(error.cause, Cause::Refused(_)), "{error:?}");
    expect_refused(&fetcher, "http://10.0.0.1:81/", "10.0.0.1").await;
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_large() {
    let server = Server::start([Play::ReplyAndHang(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec())]);
    expect_too_large(&server.url()).await;
}

#[tokio::test]
async fn a_body_without_end() {
    expect_too_large(&pouring(Duration::ZERO)).await;
}

#[tokio::test]
async fn a_body_that_drips() {
    let url = pouring(Duration::from_millis(1));
    let fetcher = at_home(&url, Limits { timeout: SHORT, ..Limits::default() });
    let error = all(&fetcher, &url).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Late), "{error:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let server = Server::start([Play::ReplyAndHang(Vec::new())]);
    let fetcher = at_home(&server.url(), Limits::default());
    let error = fetcher.get(&server.url(), SHORT).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Late), "{error:?}");
}

#[tokio::test]
async fn errors_name_the_host_and_the_cause_and_never_the_query() {
    let cut = Play::ReplyAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut".to_vec());
    let server = Server::start([Play::Reply(http(404, &[], b"gone")), Play::Reply(http(202, &[], b"soon")), cut]);
    let fetcher = at_home(&server.url(), Limits::default());
    let url = format!("{}/path?signature=s3cr3t", server.url());
    for cause in ["HTTP 404", "HTTP 202", "the connection broke"] {
        let error = all(&fetcher, &url).await.unwrap_err();
        let host = server.url().replace("http://", "");
        assert!(error.to_string().starts_with(&format!("{host}: {cause}")), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
}

fn moved(to: &str) -> Play {
    Play::Reply(http(302, &[("location", to)], b""))
}

async fn expect_too_large(url: &str) {
    let fetcher = at_home(url, Limits { most_bytes: 1_000, ..Limits::default() });
    let error = all(&fetcher, url).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge(1_000)), "{error:?}");
}

/// A server that sends one byte after the other, so far apart, for as long as somebody listens.
fn pouring(pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        read_request(&mut BufReader::new(connection.try_clone().unwrap())).unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").unwrap();
        while connection.write_all(b".").is_ok() {
            thread::sleep(pause);
        }
    });
    format!("http://{address}")
}
