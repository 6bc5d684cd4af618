//! Which form of a file a browser takes (RFC 9110, 12.5.3). In: its headers. Out: the smallest form that it can read. Pure.

use axum::http::{HeaderMap, header};

/// A way of making a file smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// gzip.
    Gzip,
}

impl Encoding {
    /// All of them, what makes files smallest first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// How the name of a file ends that is this form of another one.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// Whether a browser takes an encoding. What a browser likes better of two that it takes doesn't count: all that say so can read both.
#[must_use]
pub fn takes(headers: &HeaderMap, encoding: Encoding) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut others = false;
    for part in lines.flat_map(|line| line.split(',')) {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let wanted = is_wanted(weight);
        match name.trim() {
            "*" => others = wanted,
            name if name.eq_ignore_ascii_case(encoding.name()) => return wanted,
            _ => {}
        }
    }
    others
}

/// A weight of nothing says no; without one it is a yes.
fn is_wanted(weight: &str) -> bool {
    let value = weight.trim().strip_prefix("q=").or_else(|| weight.trim().strip_prefix("Q="));
    value.is_none_or(|value| value.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn taken(lines: &[&'static str]) -> Vec<&'static str> {
        let lines = lines.iter().map(|line| (header::ACCEPT_ENCODING, HeaderValue::from_static(line)));
        let headers = HeaderMap::from_iter(lines);
        Encoding::ALL.into_iter().filter(|encoding| takes(&headers, *encoding)).map(Encoding::name).collect()
    }

    #[test]
    fn what_is_named_is_taken_unless_its_weight_is_nothing() {
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], &["br", "gzip"][..]),
            (&["GZIP;q=0.5"], &["gzip"]),
            (&["br;q=0, gzip"], &["gzip"]),
            (&["br; q=0.001", "gzip;q=x"], &["br"]),
            (&["*"], &["br", "gzip"]),
            (&["*;q=0, gzip"], &["gzip"]),
            (&["br;q=0, *"], &["gzip"]),
            (&["identity"], &[]),
            (&[""], &[]),
            (&[], &[]),
        ] {
            assert_eq!(taken(lines), expected, "{lines:?}");
        }
    }
}
