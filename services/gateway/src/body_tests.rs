//! How much of a body is read, and what is said of it.

use std::collections::VecDeque;

use super::*;
use hyper::HeaderMap;

/// A body of these frames, some of which are no data.
#[derive(Debug)]
struct Script {
    frames: VecDeque<&'static str>,
    /// Whether it knows its end before it is asked for more.
    foresees: bool,
}

impl HttpBody for Script {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Poll::Ready(self.frames.pop_front().map(|frame| match frame {
            "reset" => Err(Cut::TooLate),
            "trailers" => Ok(Frame::trailers(HeaderMap::new())),
            data => Ok(Frame::data(Bytes::from_static(data.as_bytes()))),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.foresees && self.frames.is_empty()
    }
}

async fn told(frames: &[&'static str], foresees: bool) -> String {
    let body = Script { frames: frames.iter().copied().collect(), foresees };
    match read(body, 4).await {
        Ok(Read::Whole(bytes)) => format!("all: {}", String::from_utf8_lossy(&bytes)),
        Ok(Read::Part(bytes, rest)) => format!("{} and {} more", String::from_utf8_lossy(&bytes), rest.frames.len()),
        Err(cut) => format!("{cut:?}"),
    }
}

#[tokio::test]
async fn a_body_is_read_to_its_end_or_a_frame_beyond_what_was_wanted() {
    let rows: [(&[&'static str], &str); 14] = [
        (&[], "all: "),
        (&["", ""], "all: "),
        (&["ab"], "all: ab"),
        (&["", "", "ab"], "all: ab"),
        (&["", "ab", "", "c"], "all: abc"),
        (&["abcd"], "all: abcd"),
        (&["ab", "c", "d"], "all: abcd"),
        (&["abcd", "e", "f"], "abcde and 1 more"),
        (&["abcdef", "g"], "abcdef and 1 more"),
        (&["ab", "trailers"], "all: ab"),
        (&["ab", "cd", "trailers"], "all: abcd"),
        (&["ab", "reset"], "Broken"),
        (&["", "ab", "c", "reset"], "Broken"),
        // Whoever reads on finds it.
        (&["abcdef", "reset"], "abcdef and 1 more"),
    ];
    for (frames, expected) in rows {
        for foresees in [false, true] {
            assert_eq!(told(frames, foresees).await, expected, "{frames:?}, its end foreseen: {foresees}");
        }
    }
}
