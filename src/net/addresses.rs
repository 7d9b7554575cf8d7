//! Which addresses are public, by IANA's registries. Pure: never resolves a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where nothing is fetched from.
#[derive(Debug, thiserror::Error)]
#[error("it leads to {0}, and only public addresses are safe")]
pub(super) struct NotPublic(IpAddr);

pub(super) fn permitted(ip: IpAddr) -> Result<(), NotPublic> {
    let public = match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    };
    public.then_some(()).ok_or(NotPublic(ip))
}

/// By IANA's registry of special-purpose IPv4 addresses.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    // Azure's metadata and DNS host: a public address that means the machine's own cloud.
    if ip == Ipv4Addr::new(168, 63, 129, 16) {
        return false;
    }
    let special = matches!(
        ip.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    );
    !special
}

/// By IANA's registry of special-purpose IPv6 addresses. Those that carry an IPv4 address are what that one is.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let carried = |high: u16, low: u16| is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        // Mapped (::ffff:0:0/96), translated (64:ff9b::/96), and 6to4 (2002::/16).
        [0, 0, 0, 0, 0, 0xFFFF] | [0x64, 0xFF9B, 0, 0, 0, 0] => carried(g, h),
        [0x2002, ..] => carried(b, c),
        // Protocol assignments, Teredo and benchmarks among them (2001::/23), and documentation (twice).
        [0x2001, 0..0x200 | 0xDB8, ..] | [0x3FFF, 0..0x1000, ..] => false,
        // All that is given out as global; unspecified, loopback, compatible, unique local, link-local and multicast
        // addresses lie outside.
        _ => a & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_permitted_up_to_the_edges_of_what_is_not() {
        for ip in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(permitted(ip.parse().unwrap()).is_ok(), "{ip}");
        }
    }
}
