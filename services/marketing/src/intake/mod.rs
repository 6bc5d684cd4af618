//! Gives leads their addresses once Identity can say which they are. In come the database, Identity and keys; nothing goes out.
//! Must not hold up anything: it stops at the first sign that Identity is away, and comes back ever later. Several pods may do it at once, and
//! one may end between any two steps: an address has one identifier, whoever asks and how often.

mod settings;

use std::collections::HashMap;
use std::time::Duration;

use prometheus::IntGaugeVec;
use rerp_kit::metrics::{Metrics, MetricsError};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::client::identity::Identity;
use crate::domain::intake::Keys;
use crate::store::intake::{self, Leads, Waiting};

pub use settings::Settings;

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest pause while Identity is away.
const LONGEST: Duration = Duration::from_secs(60);
/// Rows of one look.
const BATCH: i64 = 50;

/// What the intake works with.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The database.
    pub db: Db,
    /// The registry of addresses.
    pub identity: Identity,
    /// They open what waits.
    pub keys: Keys,
    /// Its numbers.
    pub gauges: Gauges,
}

/// Numbers of the intake. Each pod counts the whole table.
#[derive(Debug, Clone)]
pub struct Gauges {
    /// Rows by `state` (`waiting`; `unreadable`: sealed with a key that isn't here).
    rows: IntGaugeVec,
    /// Seconds that the oldest has waited, by the same.
    oldest: IntGaugeVec,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Leads that got their address.
    pub resolved: usize,
    /// Leads that are gone, because what was typed is no address.
    pub refused: usize,
    /// Identity can't be asked now.
    pub away: bool,
}

/// What Identity says about one address.
enum Answer {
    Id(Uuid),
    Refused,
    Away,
    Unreadable,
}

impl Gauges {
    /// # Errors
    /// When they were made before.
    pub fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let rows = metrics.gauges("rerp_marketing_intake_rows", "Addresses that wait for Identity", &["state"])?;
        let oldest = metrics.gauges(
            "rerp_marketing_intake_oldest_seconds",
            "How long the oldest of them has waited",
            &["state"],
        )?;
        Ok(Self { rows, oldest })
    }
}

impl Intake {
    /// Runs until told to stop.
    pub async fn keep(self, stop: CancellationToken) {
        let mut pause = PAUSE;
        loop {
            // Half of the pause is chance, so that pods that began together don't ask together.
            let rest = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
            pause = match self.turn(&stop).await {
                Ok(turn) if turn.away => LONGEST.min(pause * 2),
                Ok(_) => PAUSE,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "leads can't be given their addresses now");
                    PAUSE
                }
            };
        }
    }

    /// One turn: what has waited for too long goes, the rest is asked about, as far as Identity answers.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn turn(&self, stop: &CancellationToken) -> Result<Turn, DbError> {
        let expired = intake::expire(&self.db).await?;
        if expired > 0 {
            tracing::error!(expired, "leads are gone: identity was away for longer than their addresses may be kept");
        }
        let mut turn = Turn::default();
        let names: Vec<String> = self.keys.names().map(str::to_owned).collect();
        while !turn.away && !stop.is_cancelled() {
            let batch = intake::take(&self.db, BATCH, &names).await?;
            if batch.is_empty() {
                break;
            }
            self.settle(batch, &mut turn, stop).await?;
        }
        self.measure(&names).await?;
        Ok(turn)
    }

    /// One question for each address of the batch.
    async fn settle(&self, batch: Vec<Waiting>, turn: &mut Turn, stop: &CancellationToken) -> Result<(), DbError> {
        // In another order each time: an address about which Identity can't answer ends the turn, and must not do so before the same others again and again.
        let mut addresses: HashMap<(String, Vec<u8>), Vec<Waiting>> = HashMap::new();
        for waiting in batch {
            addresses.entry((waiting.key.clone(), waiting.mark.clone())).or_default().push(waiting);
        }
        for waiting in addresses.into_values() {
            if stop.is_cancelled() {
                return Ok(());
            }
            match self.ask(&waiting).await {
                Answer::Id(id) => turn.resolved += intake::settle(&self.db, &Leads::of(&waiting), id).await?,
                Answer::Refused => {
                    // The visitor is gone, and a lead without an address is worth nothing.
                    tracing::warn!("leads are gone: what their visitor typed is no address");
                    turn.refused += intake::remove(&self.db, &Leads::of(&waiting)).await?;
                }
                Answer::Unreadable => tracing::error!("an address that waits can't be opened with the key it names"),
                Answer::Away => {
                    turn.away = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn ask(&self, waiting: &[Waiting]) -> Answer {
        let open = |row: &Waiting| self.keys.open(&row.lead, row.lead_id, &row.key, &row.sealed);
        let Some(typed) = waiting.iter().find_map(open) else { return Answer::Unreadable };
        match self.identity.upsert_email(&typed, "/email").await {
            Ok(id) => Answer::Id(id),
            Err(problem) if problem.kind() == INVALID_VALUE => Answer::Refused,
            Err(_) => Answer::Away,
        }
    }

    async fn measure(&self, names: &[String]) -> Result<(), DbError> {
        let depth = intake::depth(&self.db, names).await?;
        for (state, rows, oldest) in
            [("waiting", depth.waiting, depth.oldest_s), ("unreadable", depth.unreadable, depth.unreadable_s)]
        {
            self.gauges.rows.with_label_values(&[state]).set(rows);
            self.gauges.oldest.with_label_values(&[state]).set(oldest);
        }
        Ok(())
    }
}
