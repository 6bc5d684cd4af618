//! The engine: one migration, whose data changes hands again and again while writers go on.

use std::thread::sleep;
use std::time::Instant;

use super::super::Error;
use super::super::pair::{WRITTEN, database, empty};
use super::super::tool::Tool;
use super::super::writers::{Following, Writers};
use super::{AFTER, BACK, MISSING, Scene, Switch, THERE, note};
use crate::board::Board;

const DATABASE: &str = "moving";

/// There and back as often as there are to be switches; nothing of it is left.
pub(super) fn turns(scene: &Scene<'_>, board: &mut Board) -> Result<(), Error> {
    let pair = scene.pair;
    database(&pair.source, DATABASE, &[WRITTEN])?;
    empty(&pair.target, DATABASE)?;
    pair.settle()?;
    let tool = pair.tool(&scene.args.common, DATABASE);
    let writers = scene.writers(DATABASE, Following::Owner)?;
    writers.more(scene.some())?;
    tool.run("run", &["--advance-to", "ReadyForCutover"])?;
    for epoch in 1..=i64::from(scene.args.cutovers) * 2 {
        let who = if epoch % 2 == 1 { THERE } else { BACK };
        note(board, who, &turn(scene, &tool, &writers, epoch)?);
    }
    // It has gone back last.
    let acknowledged = writers.stop(scene.runtime)?;
    board.add(THERE, MISSING, scene.missing(&pair.source, DATABASE, acknowledged)?);
    tool.run("abort", &[])?;
    Ok(())
}

/// The turn that leads to an epoch.
fn turn(scene: &Scene<'_>, tool: &Tool, writers: &Writers, epoch: i64) -> Result<Switch, Error> {
    let calm = Instant::now();
    writers.rehearse();
    writers.more(scene.some())?;
    let begun = Instant::now();
    let last = (epoch - 1).to_string();
    let told = match epoch {
        1 => tool.run("run", &["--advance-to", "Observe"])?,
        _ if epoch % 2 == 0 => tool.run("rollback", &["--epoch", &last])?,
        _ => tool.run("rollback", &["--undo", "--epoch", &last])?,
    };
    sleep(AFTER);
    let (before, after) = (writers.ledger().felt(calm, begun), writers.ledger().felt(begun, Instant::now()));
    let (Some(before), Some(felt)) = (before, after) else {
        return Err(Error::TooLate { what: "a write after a turn" });
    };
    Ok(Switch { felt, told: Some(told.turn(epoch)?), rate: before.per_second })
}
