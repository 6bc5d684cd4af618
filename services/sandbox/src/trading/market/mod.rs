//! Markets to practise on. In: a seed. Out: bars, one after the other. Must not do IO and must not know who trades.

pub mod bar;
pub mod generate;
mod rng;

pub use bar::Bar;
pub use generate::Market;
