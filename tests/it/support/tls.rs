//! A certificate authority of one's own, a TLS server that it vouches for, and a forward proxy that leads there. All on
//! loopback; never looks up a name.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Seen, demand_schema, read_request};

/// An authority that nobody trusts who was not told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate, as `--ca-file` wants it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn server_config(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

/// What a server was asked, in order.
type Log<T> = Arc<Mutex<Vec<T>>>;

/// A server that speaks TLS in the name of a host and gives one answer to everything.
pub struct SecureServer {
    address: SocketAddr,
    seen: Log<Seen>,
}

impl SecureServer {
    /// Listens in the name of `host`, which this authority vouches for.
    pub fn start(authority: &Authority, host: &str, reply: Vec<u8>) -> Self {
        let (config, seen) = (Arc::new(authority.server_config(host)), Log::<Seen>::default());
        let recorded = Arc::clone(&seen);
        let address = listen(move |connection| {
            let session = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut stream = BufReader::new(StreamOwned::new(session, connection));
            // A client that does not trust us leaves before it has asked anything.
            while !stream.fill_buf()?.is_empty() {
                let request = read_request(&mut stream)?;
                recorded.lock().unwrap().push(request);
                stream.get_mut().write_all(&reply)?;
                stream.get_mut().flush()?;
            }
            Ok(())
        });
        Self { address, seen }
    }

    /// Its address by the name that every machine has for itself.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for SecureServer {
    fn drop(&mut self) {
        demand_schema(&self.seen());
    }
}

/// A forward proxy: whatever host it is asked to connect to, it leads to one server.
pub struct ForwardProxy {
    address: SocketAddr,
    asked: Log<String>,
}

impl ForwardProxy {
    /// One that leads to this server.
    pub fn before(server: &SecureServer) -> Self {
        let (target, asked) = (server.address, Log::<String>::default());
        let recorded = Arc::clone(&asked);
        let address = listen(move |connection| {
            let mut reader = BufReader::new(connection.try_clone()?);
            let request = read_request(&mut reader)?;
            recorded.lock().unwrap().push(request.line);
            let server = TcpStream::connect(target)?;
            (&connection).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            let (mut up, mut back) = (server.try_clone()?, connection.try_clone()?);
            let upward = thread::spawn(move || {
                let copied = io::copy(&mut reader, &mut up);
                up.shutdown(Shutdown::Write).and(copied)
            });
            io::copy(&mut &server, &mut back)?;
            back.shutdown(Shutdown::Write)?;
            upward.join().unwrap().map(drop)
        });
        Self { address, asked }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first line of everything it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves every connection in a thread of its own, for as long as the test runs.
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            // A client may leave at any time: that ends the connection, not the test.
            thread::spawn(move || serve(connection).ok());
        }
    });
    address
}
