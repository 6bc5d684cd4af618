//! The file with the oracle's answers. In: its text, or bars and answers. Out: the other one.
//!
//! A line is a bar and what isn't 0: `open,high,low,close NAME=answer …`. Numbers are the shortest texts that give the same double.

#![allow(dead_code, reason = "one test reads, the other one writes")]

use rerp_sandbox::trading::pattern::Candle;
use std::collections::BTreeMap;

/// Answers by name, one for each bar.
pub(crate) type Answers = BTreeMap<String, Vec<i32>>;

pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/patterns.txt");

/// Reads the file; names that occur nowhere are missing from the answers.
pub(crate) fn read(text: &str) -> (Vec<Candle>, Answers) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let (mut bars, mut answers) = (Vec::new(), Answers::new());
    for (at, line) in lines.iter().enumerate() {
        let mut words = line.split(' ');
        let prices: Vec<f64> = words.next().unwrap().split(',').map(|price| price.parse().unwrap()).collect();
        let [open, high, low, close] = prices[..] else { panic!("line {at} has no four prices") };
        bars.push(Candle { open, high, low, close });
        for word in words {
            let (name, answer) = word.split_once('=').unwrap();
            answers.entry(name.to_owned()).or_insert_with(|| vec![0; lines.len()])[at] = answer.parse().unwrap();
        }
    }
    (bars, answers)
}

/// Writes it.
pub(crate) fn write(about: &str, bars: &[Candle], answers: &Answers) -> String {
    let mut text = format!("# {about}\n");
    for (at, bar) in bars.iter().enumerate() {
        text += &format!("{},{},{},{}", bar.open, bar.high, bar.low, bar.close);
        for (name, answers) in answers.iter().filter(|(_, answers)| answers[at] != 0) {
            text += &format!(" {name}={}", answers[at]);
        }
        text.push('\n');
    }
    text
}
