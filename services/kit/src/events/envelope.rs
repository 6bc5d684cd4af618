//! What goes over the wire. In come bytes; out goes an event with what everybody needs to know of it, or why it is none. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::catalogue::Event;
use super::name::EventType;

/// An event as it is published. Fields that a later version adds are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Of the event: the same however often it comes.
    pub id: Uuid,
    /// What happened, and the version of `data`.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What it is about.
    pub subject: Uuid,
    /// The order of its service's events about this subject: 1 tells of its beginning, others count from 2. Who reads some types only sees gaps.
    pub sequence: i64,
    /// When it was written down, by the clock of its service's database.
    pub time: Timestamp,
    /// The request that caused it, as in the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Identifiers and states: a struct of the catalogue.
    pub data: Value,
}

impl Envelope {
    /// Reads what a broker delivered.
    ///
    /// # Errors
    /// It is no event.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// As a broker gets it.
    ///
    /// # Errors
    /// It can't be written as JSON: a bug.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// What it tells.
    ///
    /// # Errors
    /// It is an event of another type.
    pub fn data<E: Event>(&self) -> Result<E, serde_json::Error> {
        E::deserialize(&self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::catalogue::UserVerified;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_and_more_is_passed_over() {
        let human_name_id = Uuid::now_v7();
        let envelope = Envelope {
            id: Uuid::now_v7(),
            kind: EventType::parse(UserVerified::TYPE).unwrap(),
            subject: human_name_id,
            sequence: 3,
            time: "2026-11-26T08:00:00Z".parse().unwrap(),
            trace: None,
            data: json!({ "human_name_id": human_name_id, "later": 1 }),
        };
        let mut wire: Value = serde_json::from_slice(&envelope.write().unwrap()).unwrap();
        assert_eq!((&wire["type"], wire.get("trace")), (&json!("identity.user.verified.v1"), None));
        wire["priority"] = json!("high");
        let read = Envelope::read(wire.to_string().as_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.data::<UserVerified>().unwrap(), UserVerified { human_name_id });
        wire["type"] = json!("verified");
        assert!(Envelope::read(wire.to_string().as_bytes()).is_err());
    }
}
