//! The contract of RERP: the three kinds a platform engineer writes, their validation, their conditions and every name derived
//! from them. Types and pure functions only: no client, no clock, no runtime.

// The KubeSchema derive copies each struct into a function body, where `pub` reaches nobody.
#![allow(unreachable_pub)]

pub mod bounds;
pub mod condition;
pub mod database;
pub mod duration;
pub mod events;
pub mod exposure;
pub mod kstatus;
pub mod labels;
pub mod mtls;
pub mod names;
pub mod network;
pub mod pod;
pub mod reason;
pub mod reference;
pub mod resources;
pub mod service;
pub mod split;
pub mod yaml;

pub use condition::{ConditionStatus, ConditionType, NewCondition, Summary};
pub use database::{ServiceDatabase, ServiceDatabaseSpec, ServiceDatabaseStatus};
pub use duration::Duration;
pub use events::Events;
pub use reason::Reason;
pub use reference::ObjectRef;
pub use service::{RerpService, RerpServiceSpec, RerpServiceStatus};
pub use split::{DatabaseSplitMigration, DatabaseSplitMigrationSpec, DatabaseSplitMigrationStatus, SplitPhase};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// API group of all kinds.
pub const GROUP: &str = "rerp.dev";
/// The only served and stored version.
pub const VERSION: &str = "v1alpha1";

/// Every CustomResourceDefinition with the name of the file it is generated into.
#[must_use]
pub fn all() -> Vec<(&'static str, CustomResourceDefinition)> {
    vec![
        ("rerpservices.yaml", RerpService::crd()),
        ("servicedatabases.yaml", ServiceDatabase::crd()),
        ("databasesplitmigrations.yaml", DatabaseSplitMigration::crd()),
    ]
}
