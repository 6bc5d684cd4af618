//! Around a service's routes. In: a request with its route and the peer of its connection. Out: the request with its [`Caller`], or a problem. What
//! no row names doesn't exist. Must not read bodies: whose data they are about is the handlers' to see.

use std::sync::Arc;

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{RequestExt as _, Router};
use rustls::pki_types::UnixTime;

use super::TOKEN;
use super::caller::Caller;
use super::rule::{May, Own, Proved, Rule, Table, admit};
use super::verifier::Verifier;
use crate::config::Settings;
use crate::http::{Conversation, single_header, strict_uuid};
use crate::metrics::{AccessMetrics, Metrics, MetricsError};
use crate::problem::Problem;
use crate::problem::catalogue::{CALLER_NOT_ALLOWED, NO_SUCH_ROUTE, NOT_FOUND, NOT_SIGNED_IN};
use crate::tls::{Caller as Peer, Mode, Tls};

/// Asks who calls, by a service's table. Clones share what is remembered.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Table,
    /// None where peers have no certificates: nothing can be proved then.
    watch: Option<Watch>,
    metrics: AccessMetrics,
}

#[derive(Debug)]
struct Watch {
    tls: Tls,
    mode: Mode,
    verifier: Verifier,
}

impl Guard {
    /// A guard by the rows of a service. Where requests are served without mutual TLS nothing can be proved: it lets everything pass then, and
    /// says so.
    ///
    /// # Errors
    /// A metric's name is taken.
    pub fn new(
        rules: &'static [Rule],
        settings: &Settings,
        tls: Option<&Tls>,
        metrics: &Metrics,
    ) -> Result<Self, MetricsError> {
        let verifier = Verifier::new(&settings.service, &settings.speakers, metrics);
        let mode = settings.tls.as_ref().and_then(|tls| tls.mode);
        let watch = tls.zip(mode).map(|(tls, mode)| Watch { tls: tls.clone(), mode, verifier });
        let metrics = metrics.access()?;
        let enforced = watch.as_ref().is_some_and(|watch| watch.mode == Mode::Strict);
        metrics.enforced.set(enforced.into());
        if watch.is_none() {
            tracing::warn!(
                "requests are served without mutual TLS: nobody is asked who they are, and everybody may do everything"
            );
        }
        Ok(Self(Arc::new(Inner { table: Table::new(rules), watch, metrics })))
    }

    /// Puts the guard around routes. What surrounds them besides, and answers for paths that don't exist, belongs outside of it.
    pub fn around(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, guard))
    }
}

async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let Guard(inner) = &guard;
    let Some(watch) = &inner.watch else {
        inner.count("unchecked");
        request.extensions_mut().insert(Caller::Unchecked);
        return next.run(request).await;
    };
    let judged = watch.judge(&inner.table, &mut request).await;
    let caller = match (judged, watch.mode) {
        (Ok(caller), Mode::Strict) => {
            inner.count("allowed");
            caller
        }
        (Ok(_), Mode::Audit) => {
            inner.count("allowed");
            Caller::Unchecked
        }
        (Err(problem), Mode::Audit) => {
            inner.count("would_deny");
            tracing::warn!(why = problem.kind().slug, "let in by Audit; Strict would refuse this request");
            Caller::Unchecked
        }
        (Err(problem), Mode::Strict) => {
            inner.count("denied");
            tracing::debug!(why = problem.kind().slug, "a request was refused");
            return problem.into_response();
        }
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl Inner {
    fn count(&self, outcome: &str) {
        self.metrics.requests.with_label_values(&[outcome]).inc();
    }
}

impl Watch {
    /// Who calls, if the row of the route admits them.
    async fn judge(&self, table: &Table, request: &mut Request) -> Result<Caller, Problem> {
        let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let rule = table.find(path, request.method()).ok_or_else(|| Problem::new(NO_SUCH_ROUTE))?;
        let caller = admit(rule, self.proved(rule, request)?)?;
        if let (Caller::Person { id, .. }, Own::Parameter(name)) = (&caller, rule.own) {
            let given = request.extract_parts::<RawPathParams>().await.ok();
            let value = given.as_ref().and_then(|all| all.iter().find(|(key, _)| *key == name)).map(|(_, value)| value);
            if value.and_then(strict_uuid) != Some(*id) {
                // As for what isn't there: whether somebody else is, nobody learns.
                return Err(Problem::new(NOT_FOUND));
            }
        }
        Ok(caller)
    }

    /// What the connection proves, and the token that came over it. Where everybody may call, no token is looked at.
    fn proved(&self, rule: &Rule, request: &Request) -> Result<Proved, Problem> {
        let material = self.tls.material();
        let caller = request.extensions().get::<Arc<Conversation>>().map(|one| one.peer.caller());
        // Strict has turned others away by now; in Audit this is what would have.
        let Some(Peer::Known(peer)) = caller.filter(|caller| material.admit(caller).is_ok()) else {
            return Err(Problem::new(CALLER_NOT_ALLOWED));
        };
        let token = if rule.may == May::Public { None } else { single_header(request.headers(), TOKEN)? };
        if let Some(token) = token {
            let told = self.verifier.verify(token, peer, &material, UnixTime::now());
            return told.map(Proved::Principal).map_err(|refused| {
                tracing::warn!(%peer, why = %refused, "an internal token was refused");
                Problem::new(NOT_SIGNED_IN).detail(refused.to_string())
            });
        }
        if self.verifier.may_speak(peer, &material) {
            return Ok(Proved::Nothing);
        }
        let name = peer.name_beside(&material.identity).map_or_else(|| peer.to_string(), str::to_owned);
        Ok(Proved::Service(name.into()))
    }
}
