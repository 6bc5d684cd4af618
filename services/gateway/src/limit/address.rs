//! Whose address a request counts for. In: the connection's address, what hops say, and which hops to believe. Out: an address. Pure.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use hyper::header::{HeaderMap, HeaderName};

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses with a common beginning, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a network such as 10.0.0.0/8")]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| NotANetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(NotANetwork) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(given)) => {
                let apart = u32::from(ours) ^ u32::from(given);
                apart.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(given)) => {
                let apart = u128::from(ours) ^ u128::from(given);
                apart.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Where a request came from: the connection's address, unless it is a trusted hop's; then the last one in `X-Forwarded-For` that
/// isn't. What stands before that one was written by strangers. A list that can't be read is worth nothing from there on.
#[must_use]
pub fn of_client(connection: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = connection.to_canonical();
    // Bytes: what a stranger wrote into a line must not make a hop's part of it unreadable.
    let lines = headers.get_all(&FORWARDED_FOR).iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops {
        if !is_trusted(client) {
            return client;
        }
        let Some(next) = std::str::from_utf8(hop).ok().and_then(|hop| hop.trim().parse::<IpAddr>().ok()) else {
            return client;
        };
        client = next.to_canonical();
    }
    client
}

/// What counts as one address: an IPv6 customer has at least a /64.
#[must_use]
pub fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
    }
}

/// The network of an IPv6 address that a customer may have at most, a /48; IPv4 has none that counts.
pub(super) fn network(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 80)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_what_they_should() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(ip(inside)) && !network.contains(ip(outside)), "{network:?}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn strangers_can_not_lend_themselves_an_address() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from = |connection: &str, lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            of_client(ip(connection), &headers, &trusted)
        };
        assert_eq!(from("203.0.113.9", &["192.0.2.1"]), ip("203.0.113.9"), "nobody trusts this hop");
        assert_eq!(from("10.0.0.1", &["192.0.2.1"]), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.1", &["1.1.1.1, 192.0.2.1, 10.0.0.2"]), ip("192.0.2.1"), "the first one is made up");
        assert_eq!(from("10.0.0.1", &["1.1.1.1", "192.0.2.1"]), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.1", &["192.0.2.1, nonsense"]), ip("10.0.0.1"));
        assert_eq!(from("10.0.0.1", &[]), ip("10.0.0.1"));
        let mut odd = HeaderMap::new();
        odd.append("x-forwarded-for", HeaderValue::from_bytes(b"\xff, 192.0.2.1").unwrap());
        assert_eq!(of_client(ip("10.0.0.1"), &odd, &trusted), ip("192.0.2.1"), "odd bytes of a stranger");
        assert_eq!(from("::ffff:10.0.0.1", &["192.0.2.1"]), ip("192.0.2.1"), "IPv4 within IPv6 is IPv4");
    }

    #[test]
    fn a_customer_s_network_counts_once() {
        assert_eq!(counted(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_ne!(counted(ip("2001:db8:1:3::1")), counted(ip("2001:db8:1:2::1")));
        assert_eq!(counted(ip("192.0.2.1")), ip("192.0.2.1"));
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), Some(ip("2001:db8:1::")));
        assert_eq!(network(ip("192.0.2.1")), None);
    }
}
