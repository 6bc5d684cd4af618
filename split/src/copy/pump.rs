//! One range from socket to socket: nothing is decoded, nothing is kept.
//!
//! In: a session that reads the snapshot, a transaction of the target. Out: the range's rows in that transaction.

use super::range::{Range, copy_in_sql, copy_out_sql};
use super::throttle::Throttle;
use super::{STALL, tally::Tally};
use crate::inspect::Table;
use crate::journal::chunk::Copied;
use crate::step::{StepError, failed};
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use tokio_postgres::{Client, Transaction};

/// How much is handed on at once. The server sends one message per row, which would be one message to the target, too.
const PARCEL: usize = 64 << 10;
/// How many parcels go over between two reports of progress.
const REPORT_PARCELS: u64 = 4;

/// Where a range's rows go past.
pub(super) struct Pump<'a, 't> {
    pub(super) table: &'a Table,
    pub(super) schemas: (&'a str, &'a str),
    pub(super) throttle: &'a Throttle,
    pub(super) tally: &'a Tally<'t>,
}

impl Pump<'_, '_> {
    /// Returns exact rows and bytes.
    pub(super) async fn copy(
        &self,
        range: &Range,
        reader: &Client,
        target: &Transaction<'_>,
    ) -> Result<Copied, StepError> {
        let (from, to) = (range.from.to_string(), range.to.map(|to| to.to_string()));
        let out = copy_out_sql(self.schemas.0, self.table, &from, to.as_deref());
        let from = self.stalled(reader.copy_out(&out)).await?.map_err(self.reading())?;
        let copy_in = copy_in_sql(self.schemas.1, self.table);
        let into = self.stalled(target.copy_in::<_, Bytes>(&copy_in)).await?.map_err(self.writing())?;
        tokio::pin!(from, into);
        let mut parcel = BytesMut::with_capacity(2 * PARCEL);
        let (mut seen, mut parcels) = (Copied::default(), 0_u64);
        self.tally.under_way(range, seen);
        while let Some(row) = self.stalled(from.next()).await? {
            let row = row.map_err(self.reading())?;
            seen.rows += 1;
            seen.bytes += row.len() as u64;
            parcel.extend_from_slice(&row);
            if parcel.len() >= PARCEL {
                self.hand_on(&mut parcel, &mut into).await?;
                parcels += 1;
                if parcels.is_multiple_of(REPORT_PARCELS) {
                    // The last message of a binary copy is no row.
                    self.tally.under_way(range, Copied { rows: seen.rows - 1, ..seen });
                }
            }
        }
        self.hand_on(&mut parcel, &mut into).await?;
        let rows = self.stalled(into.finish()).await?.map_err(self.writing())?;
        Ok(Copied { rows, ..seen })
    }

    async fn hand_on<S>(&self, parcel: &mut BytesMut, into: &mut S) -> Result<(), StepError>
    where
        S: futures::Sink<Bytes, Error = tokio_postgres::Error> + Unpin,
    {
        self.throttle.spend(parcel.len()).await;
        self.stalled(into.feed(parcel.split().freeze())).await?.map_err(self.writing())
    }

    fn reading(&self) -> impl FnOnce(tokio_postgres::Error) -> StepError + use<> {
        failed(format!("read {} from the source", self.table.name))
    }

    fn writing(&self) -> impl FnOnce(tokio_postgres::Error) -> StepError + use<> {
        failed(format!("write {} on the target", self.table.name))
    }

    async fn stalled<T>(&self, work: impl Future<Output = T>) -> Result<T, StepError> {
        tokio::time::timeout(STALL, work).await.map_err(|_| StepError::Deadline {
            what: format!("the next row of {}", self.table.name),
            seconds: STALL.as_secs(),
        })
    }
}
