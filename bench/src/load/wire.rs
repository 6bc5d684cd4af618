//! Answers of HTTP/1.1 as the benchmark's client reads them: only as much as it has to know. In: bytes. Out: status, length and whether the
//! connection goes on. Pure. What it can't count bytes of is an error, never a guess.

/// Most bytes of a head.
const LONGEST: usize = 16 * 1024;

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    /// Bytes of the head, the empty line included.
    pub(crate) head: usize,
    /// Bytes of the body.
    pub(crate) body: usize,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

/// Why an answer can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("what came isn't an answer of HTTP/1.1")]
    NotHttp,
    #[error("the head of an answer is longer than {LONGEST} bytes")]
    TooLong,
    #[error("an answer doesn't say its length")]
    NoLength,
}

/// Reads a head from the beginning of what has come so far; none if it isn't all there.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, Unreadable> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > LONGEST { Err(Unreadable::TooLong) } else { Ok(None) };
    };
    let text = std::str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| Unreadable::NotHttp)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(status).ok_or(Unreadable::NotHttp)?;
    let (mut body, mut closes) = (None, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.trim().eq_ignore_ascii_case("close");
        }
    }
    Ok(Some(Head { status, head: end + 4, body: body.ok_or(Unreadable::NoLength)?, closes }))
}

fn status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_all_there() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-LENGTH: 5\r\n\r\nhello";
        for cut in 0..text.len() - 5 {
            assert_eq!(head(&text[..cut]), Ok(None), "{cut}");
        }
        let expected = Head { status: 200, head: text.len() - 5, body: 5, closes: false };
        assert_eq!(head(text), Ok(Some(expected)));
    }

    #[test]
    fn a_connection_that_ends_is_noticed() {
        let read =
            head(b"HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap().unwrap();
        assert!(read.closes);
        assert_eq!((read.status, read.body), (429, 0));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Err(Unreadable::NoLength));
        assert_eq!(head(b"SSH-2.0-x\r\n\r\n"), Err(Unreadable::NotHttp));
        assert_eq!(head(&vec![b'a'; LONGEST + 1]), Err(Unreadable::TooLong));
    }
}
