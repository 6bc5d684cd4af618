//! Faults in how a database was made: what mends them is another database.

use super::{admin, clean, fill, found, names};
use crate::world::World;
use rerp_split::connect::Endpoint;
use rerp_split::preflight::Check;
use rerp_split::spec::Side;
use rerp_split::status::Severity;

/// The check, how the target is made, and what the finding says of how it should be.
pub(super) const DATABASES: &[(Check, Severity, &str, &str)] = &[
    (
        Check::Encoding,
        Severity::Fatal,
        "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
        "ENCODING 'UTF8' TEMPLATE template0",
    ),
    (
        Check::Collation,
        Severity::Warning,
        "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0",
        "LC_COLLATE and LC_CTYPE",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_was_made_otherwise_is_found() {
    let world = World::empty().await;
    clean(&world).await;
    let mut job = world.reader();
    assert_eq!(found(&job).await, [], "made like the source");
    for (number, (check, severity, options, says)) in DATABASES.iter().enumerate() {
        let database = fill(&format!("{{td}}_{number}"), &world);
        let create = format!("CREATE DATABASE {database} {options}");
        admin(&world, Side::Target).await.batch_execute(&create).await.unwrap();
        job.target = Endpoint::parse(Side::Target, &world.target.cluster.url(&database), &world.migration).unwrap();
        let findings = found(&job).await;
        assert_eq!(names(&findings), [(check.id(), *severity)], "{options}: {findings:#?}");
        assert!(findings[0].fix.contains(says), "{findings:#?}");
    }
}
