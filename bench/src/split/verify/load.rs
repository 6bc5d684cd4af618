//! Comparisons while writers write and a subscription carries what they write: is anything taken for a difference that is only on its way? In: two
//! databases that hold the same. Out: how many keys each comparison named, and what writers wrote meanwhile. The subscription is ended afterwards.

use std::time::{Duration, Instant};

use super::{Args, DATABASE, ENGINE, Error, Pair, on_both};
use crate::board::{Board, What};
use crate::split::native;
use crate::split::pair::{CHANGE, WRITTEN};
use crate::split::writers::{Following, Load, Route, Writers, runtime};

/// Keys that were named though both sides came to be the same.
pub(super) const ALARMS: What = What { name: "keys named while rows move", unit: "keys" };
/// What writers did, each transaction a changed order and a row more.
const RATE: What = What { name: "transactions a second meanwhile", unit: "1/s" };
const WRITERS: u32 = 16;
/// Between two comparisons: as long as one takes, or this.
const PAUSE: Duration = Duration::from_millis(500);

/// Compares again and again for as long as `args` says.
pub(super) fn compare(args: &Args, pair: &Pair, board: &mut Board) -> Result<(), Error> {
    if args.loaded_seconds == 0 {
        return Ok(());
    }
    on_both(pair, |server| server.ask(DATABASE, WRITTEN))?;
    pair.source.ask(DATABASE, &format!("CREATE PUBLICATION {} FOR ALL TABLES", native::NAME))?;
    native::subscribe(pair, DATABASE, false)?;
    let runtime = runtime().map_err(Error::Runtime)?;
    let sides = [pair.source.app_url(DATABASE).parse()?, pair.target.app_url(DATABASE).parse()?];
    let keys = i64::try_from(args.rows / 2).unwrap_or(i64::MAX);
    let load = Load { writers: WRITERS, rate: args.rate, statement: CHANGE, keys };
    let writers = Writers::start(&runtime, Route::new(sides, Following::Told), load);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(args.loaded_seconds) {
        let since = Instant::now();
        let told = pair.tool(&args.common, DATABASE).differences()?;
        if !told.is_empty() {
            eprintln!("    told while rows move: {told:?}");
        }
        board.add(ENGINE, ALARMS, told.len() as f64);
        std::thread::sleep(since.elapsed().max(PAUSE));
    }
    let (took, written) = (begun.elapsed(), writers.stop(&runtime)?);
    board.add(ENGINE, RATE, written as f64 / took.as_secs_f64());
    // What is still on its way is waited for, and nothing may differ then.
    let at_rest = pair.tool(&args.common, DATABASE).differences()?;
    native::end(pair, DATABASE)?;
    if at_rest.is_empty() {
        Ok(())
    } else {
        Err(Error::NotProved { who: "the subscription", got: at_rest.join(", "), expected: "the same rows".to_owned() })
    }
}
