//! A look at both sides before anything is changed: what preflight finds, and the plan. In: a job. Out: inventories, findings, statements.

use crate::failpoint::{self, Step};
use crate::inspect::{Inventory, Right, denied, inspect, surroundings};
use crate::plan::{Dumps, Plan};
use crate::preflight;
use crate::schema::{self, Section};
use crate::sever;
use crate::spec::Side;
use crate::status::{Finding, Severity};
use crate::step::{Job, StepError};
use crate::stream;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long the source's WAL is watched, at least, where it is bounded.
const SAMPLE: Duration = Duration::from_secs(1);

/// Both inventories, source first, and what preflight makes of them; changes nothing.
///
/// # Errors
/// A server can't be reached, or its catalog can't be read.
pub async fn look(job: &Job) -> Result<(Inventory, Inventory, Vec<Finding>), StepError> {
    let (mut client, mut source) = look_at(job, Side::Source).await?;
    // Who may not act as the owner may not read the tables either: that is what there is to say.
    let may_read = !source.denied.iter().any(|denied| denied.right == Right::Owner);
    if job.spec.foreign_keys.severs() && may_read {
        sever::scan(&mut client, &mut source.edges).await?;
    }
    let measured = preflight::limit(&job.spec, &source.server).is_some() && !source.server.in_recovery;
    let before = if measured { Some((Instant::now(), stream::written(&client).await?)) } else { None };
    let (_, target) = look_at(job, Side::Target).await?;
    if let Some((begun, written)) = before {
        tokio::time::sleep(SAMPLE.saturating_sub(begun.elapsed())).await;
        let more = stream::written(&client).await?.saturating_sub(written);
        source.server.wal_rate = Some((more as f64 / begun.elapsed().as_secs_f64()) as u64);
    }
    let findings = preflight::check(&job.spec, &source, &target, schema::pg_dump_major(&job.pg_dump).await);
    Ok((source, target, findings))
}

async fn look_at(job: &Job, side: Side) -> Result<(Client, Inventory), StepError> {
    let mut client = job.session(side, "inspect").await?;
    let mut inventory = inspect(&mut client, side, &job.spec).await?;
    surroundings(&mut client, &job.spec, &mut inventory).await?;
    job.endpoint(side).host().clone_into(&mut inventory.server.host);
    if !inventory.server.superuser && !inventory.server.in_recovery {
        inventory.denied = denied(&mut client, side, &job.spec).await?;
    }
    Ok((client, inventory))
}

/// Both inventories, findings, plan.
///
/// # Errors
/// A server can't be reached, its catalog can't be read, or `pg_dump` fails.
pub async fn survey(job: &Job) -> Result<Survey, StepError> {
    let (source, target, findings) = look(job).await?;
    failpoint::step(Step::Inspected).await;
    let refused = findings.iter().any(|finding| finding.severity == Severity::Fatal);
    // A dump of what is refused may not even be possible.
    let plan = if refused {
        None
    } else {
        let dumps = Dumps {
            pre_data: schema::dump(job, &source, Section::PreData).await?,
            post_data: schema::dump(job, &source, Section::PostData).await?,
        };
        Some(Plan::new(&job.spec, &source, &target, &dumps))
    };
    Ok(Survey { source, findings, plan })
}

/// What a look at both sides came to.
pub struct Survey {
    /// The source as it is.
    pub source: Inventory,
    /// What preflight found.
    pub findings: Vec<Finding>,
    /// None while a fatal finding stands.
    pub plan: Option<Plan>,
}
