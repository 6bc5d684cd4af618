//! Where a visitor comes from. In: a request's headers. Out: an address, and what counts as one. Pure.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::forward::CLIENT;

/// The address that whoever leads visitors here has written last; what stands before it strangers may have written. None where nobody says it.
#[must_use]
pub fn visitor(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all(CLIENT).iter().next_back()?;
    let last = line.as_bytes().rsplit(|byte| *byte == b',').next()?;
    let address: IpAddr = std::str::from_utf8(last).ok()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// What counts as one address: a customer has at least a /64 of IPv6. Whom nobody names is one with all others whom nobody names.
#[must_use]
pub fn counted(address: Option<IpAddr>) -> IpAddr {
    match address {
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        Some(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn from(lines: &[&'static [u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CLIENT, HeaderValue::from_bytes(line).unwrap());
        }
        visitor(&headers).map(|address| address.to_string())
    }

    #[test]
    fn what_stands_last_was_written_by_whoever_leads_here() {
        assert_eq!(from(&[b"192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(from(&[b"1.1.1.1, 192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(from(&[b"1.1.1.1", b"\xff, ::ffff:192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        for none in ["", "192.0.2.1, nonsense", "192.0.2.1:443"] {
            assert_eq!(from(&[none.as_bytes()]), None, "{none}");
        }
        assert_eq!(from(&[]), None);
    }

    #[test]
    fn a_customers_network_counts_once() {
        let one = |text: &str| counted(Some(text.parse().unwrap()));
        assert_eq!(one("2001:db8:1:2:3::1"), one("2001:db8:1:2::9"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_ne!(one("192.0.2.1"), one("192.0.2.2"));
        assert_eq!(counted(None), counted(None));
    }
}
