//! What a scenario promises.

use super::action::{Action, Advance, Cancel, Names, Place, Refusal};
use super::{Kind, LONGEST, SHORTEST, Scenario, Setup, VISIBLE_AT_FIRST};
use crate::trading::ledger::order::Side;
use crate::trading::ledger::row::{Entry, Fees};
use crate::trading::ledger::units::{Money, Quantity};
use crate::trading::ledger::{Account, LedgerError};
use crate::trading::market::Market;

fn setup(kind: Kind, bars: u32) -> Setup {
    Setup { seed: 11, kind, bars, cash: Money(10_000_000_000_000), fees: Fees { rate_ppm: 500, fixed: Money(0) } }
}

fn begin(kind: Kind) -> Scenario {
    Scenario::begin(&setup(kind, 100)).unwrap()
}

fn advance(bars: u32) -> Action {
    Action::Advance(Advance { bars })
}

fn buy() -> Action {
    Action::Order(Place { side: Side::Buy, quantity: Quantity(10_000), limit: None })
}

fn name(patterns: &[&str]) -> Action {
    Action::Name(Names { patterns: patterns.iter().map(ToString::to_string).collect() })
}

#[test]
fn bars_come_from_the_market_one_after_the_other() {
    let mut scenario = begin(Kind::Backtest);
    let mut market = Market::of(11);
    let whole: Vec<_> = (0..100).map(|_| market.next_bar()).collect();
    assert_eq!(scenario.bars(), &whole[..30]);
    let outcome = scenario.act(scenario.seq(), advance(40)).unwrap();
    assert_eq!(outcome.bars, whole[30..70]);
    assert_eq!(scenario.act(scenario.seq(), advance(31)), Err(Refusal::TooFar { most: 30 }));
    scenario.act(scenario.seq(), advance(30)).unwrap();
    assert_eq!(scenario.bars(), whole);
    assert_eq!(scenario.act(scenario.seq(), advance(1)), Err(Refusal::Over));
}

#[test]
fn what_is_done_does_not_change_what_comes() {
    let (mut idle, mut busy) = (begin(Kind::LiveSimulation), begin(Kind::LiveSimulation));
    for _ in VISIBLE_AT_FIRST..100 {
        busy.act(busy.seq(), buy()).unwrap();
        for scenario in [&mut idle, &mut busy] {
            scenario.act(scenario.seq(), advance(1)).unwrap();
        }
    }
    assert_eq!(idle.bars(), busy.bars());
    assert_ne!(idle.results(), busy.results());
    assert_eq!(Account::replay(busy.rows()).unwrap().results(), busy.results());
}

#[test]
fn an_order_fills_in_the_next_bar_at_its_open() {
    let mut scenario = begin(Kind::LiveSimulation);
    let placed = scenario.act(scenario.seq(), buy()).unwrap();
    assert!(placed.bars.is_empty() && placed.rows.len() == 1);
    let outcome = scenario.act(placed.seq, advance(1)).unwrap();
    let Entry::Filled { price, .. } = outcome.rows[1].entry else { panic!("{:?}", outcome.rows) };
    assert_eq!(price, outcome.bars[0].open);
}

#[test]
fn a_gap_in_the_sequence_is_refused() {
    let mut scenario = begin(Kind::Backtest);
    let seq = scenario.seq();
    for wrong in [0, seq - 1, seq + 1, u64::MAX] {
        assert_eq!(scenario.act(wrong, buy()), Err(Refusal::Sequence { expected: wrong, present: seq }));
    }
    scenario.act(seq, buy()).unwrap();
    assert_eq!(scenario.act(seq, buy()), Err(Refusal::Sequence { expected: seq, present: seq + 1 }));
}

#[test]
fn each_kind_has_its_own_actions() {
    let mut live = begin(Kind::LiveSimulation);
    assert_eq!(live.act(live.seq(), advance(2)), Err(Refusal::TooFar { most: 1 }));
    assert_eq!(live.act(live.seq(), advance(0)), Err(Refusal::TooFar { most: 1 }));
    assert_eq!(live.act(live.seq(), name(&[])), Err(Refusal::NotInThisKind));
    let cancel = Action::Cancel(Cancel { order: 4 });
    assert_eq!(live.act(live.seq(), cancel), Err(Refusal::Ledger(LedgerError::NoOrder(4))));
    let mut quiz = begin(Kind::PatternRecognition);
    assert_eq!(quiz.act(quiz.seq(), buy()), Err(Refusal::NotInThisKind));
    for bars in [0, SHORTEST - 1, LONGEST + 1] {
        assert!(Scenario::begin(&setup(Kind::Backtest, bars)).is_err());
    }
}

#[test]
fn names_are_judged_once_a_bar() {
    let mut quiz = begin(Kind::PatternRecognition);
    assert_eq!(quiz.act(quiz.seq(), name(&["CDLNONE"])), Err(Refusal::NoPattern("CDLNONE".to_owned())));
    let mut found = Vec::new();
    for _ in VISIBLE_AT_FIRST..99 {
        let outcome = quiz.act(quiz.seq(), name(&["CDLDOJI"])).unwrap();
        assert_eq!(quiz.act(quiz.seq(), name(&[])), Err(Refusal::NotInThisKind));
        let Entry::Named { right, wrong, missed } = &outcome.rows[0].entry else { panic!("{:?}", outcome.rows) };
        assert_eq!(right.len() + wrong.len(), 1);
        found.extend(missed.iter().chain(right).cloned());
        quiz.act(quiz.seq(), advance(1)).unwrap();
    }
    let score = quiz.results().unwrap().score;
    assert_eq!(score.right + score.wrong, 69);
    assert_eq!(score.right + score.missed, found.len() as u64);
    assert!(score.right > 0 && score.wrong > 0 && score.missed > 20, "{score:?}");
}
