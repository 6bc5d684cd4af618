//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's
//! search path says which one.

mod announce;
pub mod changing;
pub mod customer;
pub mod ending;
pub mod inbox;
pub mod invoice;
pub mod kyc;
pub mod leaving;
mod made;
pub mod mirror;
pub mod payment_method;
pub mod plan;
pub mod reconciliation;
pub mod subscription;
pub mod webhook_event;
