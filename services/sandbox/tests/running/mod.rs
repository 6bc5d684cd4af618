//! The sandbox behind the kit's real listener. In: nothing. Out: its address and a client, until dropped.

use rerp_kit::client::builder;
use rerp_kit::config::HttpSettings;
use rerp_kit::http;
use rerp_kit::metrics::Metrics;
use rerp_sandbox::http::router;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
}

pub(crate) async fn running() -> Running {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let settings = HttpSettings { body_limit: 1024 * 1024, ..HttpSettings::default() };
    let (stop, metrics) = (CancellationToken::new(), Metrics::new().unwrap());
    let client = builder(None).unwrap().build().unwrap();
    let routes = http::guarded(router(client.clone()), &settings, &metrics);
    tokio::spawn(http::serve(listener, routes, settings, stop.clone()));
    Running { url, http: client, _stop: stop.drop_guard() }
}
