//! Whether a contender does what it is measured with. In: a contender. Out: nothing, or what it doesn't do. A gateway that checks no tokens and
//! counts nobody would be quick, and its figures would be about something else.

use super::peers::Contender;
use super::people::{People, request};
use crate::load::{LoadError, Plain};

/// Where the visitor comes from; nobody of the load does.
const FROM: &str = "198.19.255.254";
/// Requests of one person within which a limit must show: twice what everybody's allows at once.
const FLOOD: u32 = 1300;

/// What isn't as it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotProved {
    #[error("{name} answers {got} to {what}; expected {expected}")]
    Answers { name: &'static str, what: &'static str, got: u16, expected: u16 },
    #[error("{name} lets one person ask {FLOOD} times at once")]
    NoLimit { name: &'static str },
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Proves it by asking.
pub(super) fn prove(contender: &Contender, people: &People) -> Result<(), NotProved> {
    let good = request(Some(&people.visitor), FROM);
    let expect = |what, request: &[u8], expected| match Plain::open(contender.at)?.exchange(request)?.status() {
        got if got == expected => Ok(()),
        got => Err(NotProved::Answers { name: contender.name, what, got, expected }),
    };
    expect("a good token", &good, 200)?;
    if contender.checks_tokens {
        expect("no token", &request(None, FROM), 401)?;
        expect("a forged token", &request(Some(&people.forged), FROM), 401)?;
    }
    if contender.process.is_some() && !is_limited(contender, &good)? {
        return Err(NotProved::NoLimit { name: contender.name });
    }
    Ok(())
}

fn is_limited(contender: &Contender, request: &[u8]) -> Result<bool, LoadError> {
    let mut line = Plain::open(contender.at)?;
    for _ in 0..FLOOD {
        if line.exchange(request)?.status() == 429 {
            return Ok(true);
        }
    }
    Ok(false)
}
