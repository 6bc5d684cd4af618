//! A rehearsal of the switch under writers: it predicts, and nothing has been switched.

use crate::support::check;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::World;
use rerp_split::phase::Phase;
use rerp_split::status::Status;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_real_tables_are_drained_and_let_go_and_the_switch_comes_when_it_is_wished_for() {
    let world = World::new(400).await;
    let source = world.source.admin().await;
    let early = world.run("rehearse", &[]).await;
    let text = String::from_utf8_lossy(&early.stderr).into_owned();
    assert_eq!(early.status.code(), Some(2), "nothing to rehearse yet: {text}");
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;

    let probe = Probe::start([world.source.clone(), world.target.clone()]);
    let load = Load { writers: 4, slow: 1, ..Load::default() };
    let writers = Writers::start(Route::new([world.source.clone(), world.target.clone()], 0), load).await;
    writers.more(100).await;
    for number in [1, 2] {
        let text = world.succeeds("rehearse", &[]).await;
        assert!(text.contains(&format!("rehearsal {number} at ")) && text.contains("predicts a pause of"), "{text}");
        writers.more(100).await;
        let Status { phase, epoch, rehearsal, cutover, .. } = world.status(&source).await.unwrap();
        assert_eq!((phase, epoch, cutover), (Phase::ReadyForCutover, 0, None));
        let rehearsal = rehearsal.unwrap();
        assert_eq!((rehearsal.number, rehearsal.failed), (number, None));
        let held = rehearsal.held_ms.unwrap();
        assert!(held > 0.0 && held <= 1000.0, "never longer than the longest pause: {held}");
        assert!(rehearsal.predicted_pause_ms.unwrap() > held && rehearsal.drain_ms.unwrap() > 0.0);
    }
    let open = "SELECT is_owner FROM rerp_split.owner WHERE schema_name = 'app'";
    assert!(source.query_one(open, &[]).await.unwrap().get::<_, bool>(0));

    world.succeeds("run", &[]).await;
    writers.more(100).await;
    let ledger = writers.stop().await;
    let verdict = check::compare(&world.target.admin().await, &ledger.acks()).await;
    assert!(verdict.is_clean() && verdict.acknowledged >= 400, "{verdict:?} {:?}", ledger.errors());
    let (rounds, both) = probe.stop().await;
    assert!(rounds > 0 && both == 0, "both open {both} times");
    assert_eq!(world.status(&source).await.unwrap().phase, Phase::Completed);
}
