//! The judge: the ledger against the side that has the data, the catalogs of both, and whoever was lost and came back.
//!
//! In: a run that has ended, one way or another. Out: its outcome.

use super::eye::Eye;
use super::out;
use super::outcome::Outcome;
use super::run::Run;
use super::servers::drop_databases;
use super::way::Story;
use crate::support::check::{self, Verdict};
use crate::support::ledger::Ledger;
use crate::support::parcel;
use crate::world::{World, catalog};
use rerp_split::journal;
use rerp_split::names;
use rerp_split::spec::Direction;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Commits that must get through while whoever was lost comes back.
const PROOF_OF_LIFE: usize = 32;
/// Until the server has let go of the last statement of a worker that is gone.
const FORGET_LIMIT: Duration = Duration::from_secs(60);

/// Lets whoever was lost come back, stops everybody and compares.
pub async fn judge(mut run: Run, versions: [u32; 2], mut failure: Option<String>, begun: Instant) -> Outcome {
    let story = run.plan.story;
    if failure.is_none() {
        failure = come_back(&mut run).await;
    }
    // What it writes in passing must not be taken for something that is left.
    let workers = run.crew.started();
    drop(run.crew);
    let clients = [run.world.source.admin().await, run.world.target.admin().await];
    let leftovers =
        if failure.is_none() { leftovers(&run.world.migration, story, &run.before, &clients).await } else { vec![] };
    let side = owner(&mut run.eyes).await.unwrap_or_else(|| run.writers.route.now().0);
    if failure.is_none() && side != usize::from(story.ends_at_target()) {
        failure = Some("the other side owns the data".to_owned());
    }
    let ledger = run.writers.stop().await;
    let (asked, both) = run.probe.stop().await;
    let verdict = data(&clients[side], &ledger).await;
    drop_databases([&run.world.source, &run.world.target]).await;
    let outcome = Outcome {
        seed: run.plan.seed,
        story: story.name(),
        versions,
        verdict,
        asked,
        both,
        leftovers,
        told: run.told,
        turns: run.turns,
        workers,
        errors: ledger.errors(),
        failure,
        took: begun.elapsed(),
    };
    if !outcome.is_clean() {
        keep(&run.world, &outcome);
    }
    outcome
}

/// What workers and servers have said, beside the certificate.
fn keep(world: &World, outcome: &Outcome) {
    let folder = out().with_file_name(format!("seed-{}", outcome.seed));
    let workers = (1..=outcome.workers).map(|number| world.path(&format!("worker-{number}.log")));
    let servers = [&world.source, &world.target].map(|side| side.cluster.log());
    let _ = std::fs::create_dir_all(&folder);
    for log in workers.chain(servers) {
        if let Some(name) = log.file_name() {
            let _ = std::fs::copy(&log, folder.join(name));
        }
    }
}

/// All of the writers' tables against the ledger.
pub async fn data(client: &Client, ledger: &Ledger) -> Verdict {
    let acks = ledger.acks();
    let mut verdict = check::compare(client, &acks).await;
    let (less, more) = parcel::compare(client, &acks).await;
    verdict.lost += less;
    verdict.duplicated += more;
    verdict
}

/// Workers that were lost must notice, and change nothing: neither rows of owners nor the phase.
async fn come_back(run: &mut Run) -> Option<String> {
    let before = state(run).await;
    let left = run.crew.bring_back().await;
    run.writers.more(PROOF_OF_LIFE).await;
    let after = state(run).await;
    if left > 0 {
        return Some(format!("{left} workers that were lost go on beside the last one"));
    }
    (before != after).then(|| format!("a worker that came back has changed {before} to {after}"))
}

async fn state(run: &mut Run) -> String {
    let phase = run.eyes[0].status(&run.world.migration).await.map(|status| status.phase);
    let [source, target] = &mut run.eyes;
    format!("{phase:?} {:?} {:?}", source.owner().await, target.owner().await)
}

/// The side whose row says that it owns; the source while there are no rows.
async fn owner([source, target]: &mut [Eye; 2]) -> Option<usize> {
    let is_owner = |row: Option<journal::OwnerRow>| row.map(|row| row.is_owner);
    match (is_owner(source.owner().await), is_owner(target.owner().await)) {
        (Some(true), _) | (None, None | Some(false)) => Some(0),
        (_, Some(true)) => Some(1),
        _ => None,
    }
}

/// What should not be there any more: objects and roles of the migration, slots and so WAL that they retain; after an abort whatever was
/// not there before.
async fn leftovers(migration: &str, story: Story, before: &[Vec<String>; 2], clients: &[Client; 2]) -> Vec<String> {
    let mut left = Vec::new();
    for (client, before) in clients.iter().zip(before) {
        if story.ends_at_target() {
            left.extend(of_the_migration(migration, client).await);
        } else {
            forget(client, migration).await;
            let after = catalog(client).await;
            left.extend(after.iter().filter(|name| !before.contains(name)).map(|name| format!("new: {name}")));
            left.extend(before.iter().filter(|name| !after.contains(name)).map(|name| format!("gone: {name}")));
        }
        left.extend(roles(migration, client).await);
    }
    left
}

/// Objects and slots that have the migration's name.
pub async fn of_the_migration(migration: &str, client: &Client) -> Vec<String> {
    let prefix = names::prefix(migration);
    catalog(client).await.into_iter().filter(|name| name.contains(&prefix)).collect()
}

async fn roles(migration: &str, client: &Client) -> Vec<String> {
    let select = "SELECT 'role ' || rolname FROM pg_roles WHERE rolname = ANY($1)";
    let roles = Direction::ALL.map(|way| names::replication_role(migration, way)).to_vec();
    client.query(select, &[&roles]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn forget(client: &Client, migration: &str) {
    let forgotten = || async { journal::forget(client, migration).await.is_ok() };
    crate::support::eventually("the journal is forgotten", FORGET_LIMIT, forgotten).await;
}
