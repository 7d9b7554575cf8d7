//! Whether a request to a server on loopback calls it by a name of this machine. Never resolves one.

use std::net::IpAddr;

/// Whether a `Host` header names an address of loopback, or a name without a dot, which no stranger owns: a page of
/// theirs could lead a name of their own here. Without a header nobody is called by a wrong name.
pub fn names_this_machine(host: Option<&[u8]>) -> bool {
    let Some(host) = host else { return true };
    let host = std::str::from_utf8(host).unwrap_or(".");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    !name.contains(['.', ':']) || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
