//! From every installed version of PostgreSQL to every other: one small migration each.

use crate::support::cluster::Cluster;
use crate::support::cluster::installed::installed;
use crate::world::World;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_of_installed_versions_works() {
    let servers = installed();
    assert!(!servers.is_empty());
    for (from, from_bin) in &servers {
        for (to, to_bin) in &servers {
            let pair = (Arc::new(Cluster::start_from(from_bin)), Arc::new(Cluster::start_from(to_bin)));
            let world = World::between(pair.0, pair.1).await.filled(400).await;
            let output = world.run("run", &[]).await;
            let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{from} to {to}: {text}");
            let (source, target) = world.contents().await;
            assert_eq!(source, target, "{from} to {to}");
            println!("{from} to {to}: ok");
        }
    }
}
