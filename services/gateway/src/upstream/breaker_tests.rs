//! The breaker, step by step, and under random calls.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits { span: 10 * SECOND, least: 4, percent: 50, pause: SECOND, longest: 4 * SECOND, proofs: 2 }
}

fn call(breaker: &mut Breaker, ending: Ending, now: Instant) -> bool {
    match breaker.admit(now) {
        Ok(ticket) => {
            breaker.ended(ticket, ending, now);
            true
        }
        Err(_) => false,
    }
}

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(limits(), now);
    for _ in 0..4 {
        assert!(call(&mut breaker, Ending::Bad, now));
    }
    assert_eq!(breaker.level(), 2);
    breaker
}

#[test]
fn few_failures_tell_nothing() {
    let now = Instant::now();
    let mut breaker = Breaker::new(limits(), now);
    for _ in 0..3 {
        assert!(call(&mut breaker, Ending::Bad, now));
    }
    for _ in 0..100 {
        assert!(call(&mut breaker, Ending::Good, now));
    }
    assert!(call(&mut breaker, Ending::Bad, now));
    assert_eq!(breaker.level(), 0, "4 of 104 failed");
    for second in 1..100 {
        // One failure in a span of ten seconds, whatever was before.
        assert!(call(&mut breaker, Ending::Bad, now + second * 10 * SECOND));
    }
    assert_eq!(breaker.level(), 0);
}

#[test]
fn it_opens_tries_and_closes() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(breaker.admit(now), Err(SECOND));
    let later = now + SECOND;
    let ticket = breaker.admit(later).unwrap();
    assert_eq!(breaker.admit(later), Err(Duration::ZERO), "one at a time");
    breaker.ended(ticket, Ending::Good, later);
    assert_eq!(breaker.level(), 1, "one proof isn't enough");
    assert!(call(&mut breaker, Ending::Good, later));
    assert_eq!(breaker.level(), 0);
}

#[test]
fn pauses_double_and_end() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    for seconds in [1, 2, 4, 4] {
        assert_eq!(breaker.admit(now), Err(seconds * SECOND));
        now += seconds * SECOND;
        assert!(call(&mut breaker, Ending::Bad, now));
    }
}

#[test]
fn who_goes_away_while_trying_makes_room() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert!(call(&mut breaker, Ending::Abandoned, now + SECOND));
    assert!(breaker.admit(now + SECOND).is_ok());
}

#[test]
fn endings_from_before_count_no_more() {
    let now = Instant::now();
    let mut breaker = Breaker::new(limits(), now);
    let late: Vec<Ticket> = (0..10).map(|_| breaker.admit(now).unwrap()).collect();
    for ticket in &late[..4] {
        breaker.ended(*ticket, Ending::Bad, now);
    }
    assert_eq!(breaker.level(), 2);
    let trying = breaker.admit(now + SECOND).unwrap();
    for ticket in &late[4..] {
        breaker.ended(*ticket, Ending::Good, now + SECOND);
    }
    assert_eq!(breaker.level(), 1);
    breaker.ended(trying, Ending::Bad, now + SECOND);
    assert_eq!(breaker.level(), 2);
}

proptest::proptest! {
    #[test]
    fn it_never_locks_up(steps in proptest::collection::vec((0u8..3, 0u64..3000), 1..300)) {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(limits(), now);
        for (ending, ms) in steps {
            now += Duration::from_millis(ms);
            let ending = [Ending::Good, Ending::Bad, Ending::Abandoned][usize::from(ending)];
            call(&mut breaker, ending, now);
        }
        // Whatever was, a service that is well again is called again.
        now += limits().longest;
        for _ in 0..limits().proofs {
            proptest::prop_assert!(call(&mut breaker, Ending::Good, now));
        }
        proptest::prop_assert_eq!(breaker.level(), 0);
    }
}
