//! What is asked of identity. In: how many addresses are known. Out: requests for upserts, of known addresses by chance, or of ones that nobody
//! has asked for yet.

/// Numbers that one measurement may use up; the next one begins behind them.
const EACH: u64 = 1_000_000_000;

/// See the file's header.
#[derive(Debug)]
pub(super) struct Requests {
    known: u64,
    /// Measurements so far.
    runs: u64,
}

impl Requests {
    /// Addresses `known1@…` to `known<count>@…` are there.
    pub(super) fn new(count: u64) -> Self {
        Self { known: count.max(1), runs: 0 }
    }

    /// Requests for known addresses, other ones than in the last measurement.
    pub(super) fn known(&mut self) -> impl Fn(u64, &mut Vec<u8>) + Clone + Send + 'static + use<> {
        let (known, first) = (self.known, self.first());
        move |n, out| post("known", mixed(first + n) % known + 1, out)
    }

    /// Requests for addresses that nobody has asked for.
    pub(super) fn fresh(&mut self) -> impl Fn(u64, &mut Vec<u8>) + Clone + Send + 'static + use<> {
        let first = self.first();
        move |n, out| post("fresh", first + n, out)
    }

    fn first(&mut self) -> u64 {
        self.runs += 1;
        self.runs * EACH
    }
}

fn post(kind: &str, number: u64, out: &mut Vec<u8>) {
    let body = format!("{{\"email\":\"{kind}{number}@bench.example\"}}");
    let head = "POST /api/identity/email/upsert HTTP/1.1\r\nHost: identity\r\nContent-Type: application/json\r\n";
    out.extend_from_slice(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

/// A number that looks like chance, the same each time: the finaliser of `SplitMix64` (Steele, Lea and Flood, 2014).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn written(ask: impl Fn(u64, &mut Vec<u8>), n: u64) -> String {
        let mut out = Vec::new();
        ask(n, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_says_its_length() {
        let text = written(Requests::new(10).known(), 7);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{text}");
        let number: u64 = body.strip_prefix(r#"{"email":"known"#).unwrap().split('@').next().unwrap().parse().unwrap();
        assert!((1..=10).contains(&number), "{text}");
    }

    #[test]
    fn fresh_ones_never_come_twice_and_known_ones_all_come() {
        let (mut requests, mut fresh) = (Requests::new(50), BTreeSet::new());
        for _ in 0..3 {
            let ask = requests.fresh();
            fresh.extend((0..100).map(|n| written(&ask, n)));
        }
        assert_eq!(fresh.len(), 300);
        let ask = requests.known();
        let known: BTreeSet<String> = (0..1000).map(|n| written(&ask, n)).collect();
        assert_eq!(known.len(), 50);
    }
}
