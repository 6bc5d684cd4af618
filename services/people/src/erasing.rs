//! Erases from a service's tables whom Identity says. In come Identity's client, the database, and the table of what the service holds; out go receipts. The service
//! asks, every few seconds: so it works without an event bus, and nothing that is lost on the way leaves somebody behind. Must not forget whom it has not
//! reported: Identity names everybody again of whom it has no receipt.

use std::time::Duration;

use rerp_kit::access::Caller;
use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::rights::{Held, Part, Subject, erase_once, look_again};
use rerp_kit::telemetry::chain;
use rerp_proto::identity::v1::rights_service_client::RightsServiceClient;
use rerp_proto::identity::v1::{ErasedTable, Erasure, ListAddressesRequest, ListErasuresRequest, ReportErasureRequest};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two questions. Half of it is chance, so that pods don't ask together.
const PAUSE: Duration = Duration::from_secs(10);

/// Why somebody isn't erased yet.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Identity can't be asked, or told.
    #[error("asking identity whom to erase")]
    Identity(#[from] CallError),
    /// The database can't be used.
    #[error("erasing somebody")]
    Database(#[from] DbError),
}

/// Erases people from one service.
#[derive(Debug, Clone)]
pub struct Eraser {
    /// The service's own name.
    pub service: &'static str,
    /// Identity.
    pub identity: ServiceClient,
    /// The service's database.
    pub db: Db,
    /// What it holds of people.
    pub held: &'static [Held],
}

impl Eraser {
    /// Erases everybody whom Identity names, and reports it; then looks for what came too late of those who were erased lately. How many people were reported.
    ///
    /// # Errors
    /// See [`EraseError`]. Whoever isn't reported is named again.
    pub async fn turn(&self) -> Result<usize, EraseError> {
        let due = self.due().await?;
        let by = Caller::Service("identity".into());
        for erasure in &due {
            let (id, subject) = read(erasure)?;
            let parts = erase_once(&self.db, self.held, id, &subject, &by).await?;
            self.report(id, parts).await?;
            tracing::info!(erasure = %id, "a person is erased here");
        }
        while let Some(late) = look_again(&self.db, self.held).await? {
            if late > 0 {
                tracing::info!(late, "rows of somebody who is erased came late, and are erased too");
            }
        }
        Ok(due.len())
    }

    async fn due(&self) -> Result<Vec<Erasure>, CallError> {
        let message = ListErasuresRequest { service: self.service.to_owned() };
        let ask = |line, request| async move { RightsServiceClient::new(line).list_erasures(request).await };
        Ok(self.identity.call(message, Repeat::Idempotent, ask).await?.erasures)
    }

    async fn report(&self, id: Uuid, parts: Vec<Part>) -> Result<(), CallError> {
        let tables = parts.into_iter().map(|part| ErasedTable { table: part.table, done: part.done, rows: part.rows });
        let (service, erasure_id) = (self.service.to_owned(), id.to_string());
        let message = ReportErasureRequest { service, erasure_id, tables: tables.collect() };
        let ask = |line, request| async move { RightsServiceClient::new(line).report_erasure(request).await };
        self.identity.call(message, Repeat::Idempotent, ask).await.map(drop)
    }

    /// Erases people until told to stop.
    pub async fn keep(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.turn().await {
                tracing::warn!(error = chain(&error), "whoever is to be erased waits");
            }
            let pause = PAUSE.mul_f64(0.5 + fraction());
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Chance, from 0 to 1.
fn fraction() -> f64 {
    f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0
}

/// Identifiers of the addresses by which a person's leads are known.
///
/// # Errors
/// See [`CallError`].
pub async fn addresses(identity: &ServiceClient, person: Uuid) -> Result<Vec<Uuid>, CallError> {
    let message = ListAddressesRequest { human_name_id: person.to_string() };
    let ask = |line, request| async move { RightsServiceClient::new(line).list_addresses(request).await };
    ids(&identity.call(message, Repeat::Idempotent, ask).await?.email_address_ids)
}

fn read(erasure: &Erasure) -> Result<(Uuid, Subject), CallError> {
    let subject = Subject { person: id(&erasure.human_name_id)?, addresses: ids(&erasure.email_address_ids)? };
    Ok((id(&erasure.erasure_id)?, subject))
}

fn ids(texts: &[String]) -> Result<Vec<Uuid>, CallError> {
    texts.iter().map(|text| id(text)).collect()
}

fn id(text: &str) -> Result<Uuid, CallError> {
    Uuid::try_parse(text).map_err(|_| CallError::Unreadable { service: "identity" })
}
