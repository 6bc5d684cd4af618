//! What the worker is told of copy and streams.

use super::*;
use rerp_crds::split::{CopySettings, ReplicationSettings};
use rerp_split::spec::{CopySpec, ReplicationSpec};

#[test]
fn the_worker_is_told_how_fast_to_copy_and_how_much_wal_to_keep() {
    let told = |copy: Option<CopySettings>, replication: Option<ReplicationSettings>| {
        let mut object = migration("identity");
        (object.spec.copy, object.spec.replication) = (copy, replication);
        decide(&object, &seen(Phase::Preflight), at(200))
    };
    let spec = |decision: Decision| match decision.worker {
        WorkerAct::Run(worker) => (worker.checked.spec.copy, worker.checked.spec.replication),
        other => panic!("{other:?}"),
    };
    let nothing = (CopySpec::default(), ReplicationSpec::default());
    assert_eq!(spec(told(None, None)), nothing);
    assert_eq!(spec(told(Some(CopySettings::default()), Some(ReplicationSettings::default()))), nothing);
    let all = CopySettings {
        workers: Some(8),
        max_bytes_per_second: Some(65_536),
        max_writer_latency: Some(Text::new("20ms")),
    };
    let (copy, wal) = spec(told(Some(all), Some(ReplicationSettings { max_retained_wal_bytes: Some(1 << 30) })));
    assert_eq!((copy.workers, copy.max_bytes_per_second, copy.max_writer_latency_ms), (8, Some(65_536), Some(20)));
    assert_eq!(wal.max_retained_wal_bytes, Some(1 << 30));
    let soon = CopySettings { max_writer_latency: Some(Text::new("soon")), ..CopySettings::default() };
    let refused = told(Some(soon), None);
    assert_eq!((refused.worker, refused.outcome.reason()), (WorkerAct::Leave, Reason::InvalidSpec));
}
