//! What is kept under an idempotency key: the identifier of a row from the first moment on. What became of the row is read from it, so
//! nothing has to be settled.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The row that a key stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct Made {
    /// Our identifier of it.
    pub(super) id: Uuid,
}

/// The identifier in what was stored.
pub(super) fn made(answer: serde_json::Value) -> Result<Uuid, sqlx::Error> {
    serde_json::from_value::<Made>(answer).map(|made| made.id).map_err(|error| sqlx::Error::Decode(error.into()))
}
