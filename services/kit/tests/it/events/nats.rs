//! The same with the real broker. `RERP_NATS_SERVER` names its program (2.12 or newer), which `cargo xtask test` builds from the module `bus/`; without it
//! these tests fail and say so.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::{OVERTAKEN, World};
use crate::support::until;
use async_nats::jetstream::{self, consumer::pull, stream};
use rerp_kit::config::BusSettings;
use rerp_kit::events::broker::{Broker, BrokerError};
use rerp_kit::events::nats::Nats;
use rerp_kit::events::outbox;
use rerp_kit::events::reader::keep_stored;
use rerp_kit::events::relay::{Relay, Turn};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A server on loopback, gone with the test.
struct Server {
    dir: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { dir: tempfile::tempdir().unwrap(), port, process: None };
        server.boot().await;
        let events = server.jetstream().await;
        let stream = stream::Config { name: "events".into(), subjects: vec!["rerp.>".into()], ..Default::default() };
        events.create_stream(stream).await.unwrap();
        server.consumer("self", 1).await;
        server
    }

    async fn boot(&mut self) {
        let program = std::env::var("RERP_NATS_SERVER").expect(
            "RERP_NATS_SERVER is not set: build it in the folder bus with `go build -o FILE github.com/nats-io/nats-server/v2`, and name FILE",
        );
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-js", "-sd"]).arg(self.dir.path());
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        until("the broker answers", || async { async_nats::connect(self.url()).await.is_ok() }).await;
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.url()).await.unwrap())
    }

    /// What the operator makes for a service that consumes.
    async fn consumer(&self, name: &str, unacknowledged: i64) {
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: "rerp.account.created.*".to_owned(),
            ack_wait: Duration::from_secs(2),
            max_ack_pending: unacknowledged,
            ..Default::default()
        };
        let stream = self.jetstream().await.get_stream("events").await.unwrap();
        stream.create_consumer(config).await.unwrap();
    }

    /// A pod's connection.
    async fn pod(&self, consumer: &str) -> Arc<dyn Broker> {
        let url = self.url().parse().unwrap();
        let settings = BusSettings { url, stream: "events".into(), consumer: consumer.into() };
        Arc::new(Nats::connect(&settings, "test", None).await.unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Has everything published, the connection first.
async fn publish_all(world: &World, relay: &Relay) {
    until("everything is published", || async {
        // What was given back is due again: the pause isn't what this is about.
        world.later().await;
        relay.turn().await.unwrap();
        outbox::state(&world.db).await.unwrap().waiting == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: set RERP_NATS_SERVER, see the head of the file"]
async fn events_have_one_effect_each_in_order_whichever_pods_read() {
    let (server, world) = (Server::start().await, World::new().await);
    let relay = Relay::new(world.db.clone(), server.pod("self").await, world.metrics.events.clone());
    let subjects = [(); 3].map(|()| Uuid::now_v7());
    for n in 0..30 {
        world.tell(subjects[n % 3]).await;
    }
    world.home.execute("CREATE TABLE svc.kept AS TABLE svc.outbox").await;
    publish_all(&world, &relay).await;
    // Published once more, as by a relay that died before it could delete them: the broker knows them.
    world.home.execute("INSERT INTO svc.outbox SELECT * FROM svc.kept").await;
    publish_all(&world, &relay).await;
    let mut stream = server.jetstream().await.get_stream("events").await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 30);

    let stop = CancellationToken::new();
    for _ in 0..3 {
        tokio::spawn(keep_stored(world.reader.clone(), server.pod("self").await, stop.clone()));
    }
    until("every event has had its effect", || async {
        world.reader.turn().await.unwrap();
        world.effects().await == 30
    })
    .await;
    stop.cancel();
    assert_eq!(world.home.number(OVERTAKEN).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: set RERP_NATS_SERVER, see the head of the file"]
async fn a_broker_that_is_gone_fails_no_write_and_is_found_again() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let relay = Relay::new(world.db.clone(), server.pod("self").await, world.metrics.events.clone());
    world.tell(Uuid::now_v7()).await;
    publish_all(&world, &relay).await;
    server.stop();
    world.tell(Uuid::now_v7()).await;
    assert_eq!(relay.turn().await.unwrap(), Turn::Away);
    assert_eq!(world.home.number("SELECT sum(attempts)::bigint FROM svc.outbox").await, 0);
    server.boot().await;
    publish_all(&world, &relay).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: set RERP_NATS_SERVER, see the head of the file"]
async fn what_was_not_taken_comes_again_and_an_unordered_consumer_is_not_used() {
    let (server, world) = (Server::start().await, World::new().await);
    server.consumer("hasty", 100).await;
    let (pod, hasty) = (server.pod("self").await, server.pod("hasty").await);
    let relay = Relay::new(world.db.clone(), Arc::clone(&pod), world.metrics.events.clone());
    for _ in 0..2 {
        world.tell(Uuid::now_v7()).await;
    }
    publish_all(&world, &relay).await;
    let wait = Duration::from_secs(10);
    let first = pod.next(wait).await.unwrap().unwrap();
    let body = first.body.clone();
    assert!(pod.next(Duration::from_millis(200)).await.unwrap().is_none(), "one at a time");
    drop(first);
    let again = pod.next(wait).await.unwrap().unwrap();
    assert_eq!(again.body, body);
    again.receipt.taken().await.unwrap();
    assert_ne!(pod.next(wait).await.unwrap().unwrap().body, body);
    until("it is connected", || async { !format!("{hasty:?}").contains("Pending") }).await;
    assert!(matches!(hasty.next(wait).await, Err(BrokerError::Away(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: set RERP_NATS_SERVER, see the head of the file"]
async fn who_waits_for_an_event_hears_that_the_connection_is_lost() {
    let mut server = Server::start().await;
    let pod = server.pod("self").await;
    until("it is connected", || async { !format!("{pod:?}").contains("Pending") }).await;
    let waits = tokio::spawn(async move { pod.next(Duration::from_secs(600)).await });
    until("it waits", || async {
        let stream = server.jetstream().await.get_stream("events").await.unwrap();
        stream.get_consumer::<pull::Config>("self").await.unwrap().cached_info().num_waiting == 1
    })
    .await;
    server.stop();
    server.boot().await;
    assert!(matches!(waits.await.unwrap(), Err(BrokerError::Away(_))));
}
