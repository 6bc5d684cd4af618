//! What happens to a request, from its head to its answer. In: a request and where its connection comes from. Out: an answer, always.
//! The one place that says in which order the rooms are asked: what costs least and refuses most comes first.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::response::IntoResponse as _;
use futures::FutureExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use rerp_kit::access::Speaker;
use rerp_kit::bearer::{Auth, Principal};
use rerp_kit::config::HttpSettings;
use rerp_kit::http::context::Context;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{
    DEADLINE_EXCEEDED, DEPENDENCY_UNAVAILABLE, INTERNAL, METHOD_NOT_ALLOWED, NO_SUCH_ROUTE,
};
use rerp_kit::telemetry::chain;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use crate::answer::{Origin, Seen, finish, other_methods, swallow};
use crate::auth::may_call;
use crate::cors::{self, Origins};
use crate::limit::{Counted, Limits, Network, of_client};
use crate::log::{Log, Named};
use crate::numbers::Numbers;
use crate::rates::Rate;
use crate::routes::{Found, Routes};
use crate::site::Sites;
use crate::site::forward::Visit;
use crate::site::table::{Backend, Target, pick};
use crate::table::{May, Row};
use crate::upstream::Upstreams;
use crate::{forward, framing, site, target};

/// Everything that requests have in common.
#[derive(Debug)]
pub struct Gateway {
    /// What exists.
    pub routes: Routes,
    /// Which pages may ask.
    pub origins: Origins,
    /// How often.
    pub limits: Limits,
    /// Who asks.
    pub auth: Auth,
    /// Tells services who asks; none without a certificate, and then nobody believes anything.
    pub speaker: Option<Speaker>,
    /// Where to.
    pub upstreams: Upstreams,
    /// What else is served, by host and path.
    pub sites: Sites,
    /// Hops that say truly where a request came from.
    pub trusted: Vec<Network>,
    /// Whether clients come over TLS, here or at the ingress before us.
    pub secure: bool,
    /// Longest time of a request.
    pub http: HttpSettings,
    /// The numbers.
    pub numbers: Numbers,
}

/// What becomes of a request after its head was read.
enum Step {
    /// It goes to this row's service, with this said of who asks.
    On(&'static Row, Option<HeaderValue>),
    /// It is answered here.
    Answer(Response<Body>),
}

impl Gateway {
    /// Answers a request. `connection`: the address at the other end of its connection; `tls`: whether that is one of TLS.
    pub async fn answer(&self, request: Request<Incoming>, connection: IpAddr, tls: bool) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let client = of_client(connection, &parts.headers, &self.trusted);
        // Strangers neither name requests in our logs nor say how long services may take.
        let context = Context::of_stranger(self.http.request_timeout);
        let named = Named { parts: &parts, context: &context };
        let log = Log::begin(&self.numbers, named);
        let (origin, mut seen) = (Origin { client, secure: self.secure || tls }, Seen::default());
        let answered = self.in_time(named, body, origin, &mut seen).instrument(named.throughout()).await;
        let response = finish(answered, origin.secure, &context, &seen);
        log.end(&seen, &response);
        response
    }

    /// The steps, within the request's time, whatever happens in them.
    async fn in_time(&self, named: Named<'_>, body: Incoming, origin: Origin, seen: &mut Seen) -> Response<Body> {
        let context = named.context;
        let steps = AssertUnwindSafe(self.steps(named, body, origin, seen)).catch_unwind();
        let answered = match timeout_at(context.deadline(), steps).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => {
                // The line that says where doesn't know in which request.
                named.span().in_scope(|| tracing::error!("a request panicked"));
                Err(Problem::new(INTERNAL))
            }
            Err(_) => Err(Problem::new(DEADLINE_EXCEEDED)),
        };
        let answered = self.count_strays(origin.client, context, seen).and(answered);
        // Within the context: a problem names the request.
        answered.unwrap_or_else(|problem| context.within(|| problem.into_response()))
    }

    /// Whatever was answered before anybody was counted: what no route was found for, and what was refused before one was asked.
    fn count_strays(&self, client: IpAddr, context: &Context, seen: &mut Seen) -> Result<(), Problem> {
        if seen.counted.is_empty() {
            self.limits.address(client, Rate::Stray, context.began().into_std(), &mut seen.counted)?;
        }
        Ok(())
    }

    async fn steps(
        &self,
        named: Named<'_>,
        body: Incoming,
        origin: Origin,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Problem> {
        let (parts, client) = (named.parts, origin.client);
        target::check(parts)?;
        let host = framing::check(parts)?;
        if let Some(Target::Backends(backends)) = self.sites.find(host, parts) {
            let visit = Visit { named, host, client, secure: origin.secure };
            return self.visit(&visit, body, &backends, seen).await;
        }
        target::ends_with_a_word(&parts.uri)?;
        match self.admit(named, client, seen).await {
            Ok(Step::On(row, token)) => {
                let asked = forward::Asked { row, named, token, client };
                forward::forward(&self.upstreams, &asked, body).await
            }
            Ok(Step::Answer(response)) => {
                swallow(&parts.headers, body).await;
                Ok(response)
            }
            Err(problem) => {
                swallow(&parts.headers, body).await;
                Err(problem)
            }
        }
    }

    /// A request to a site. Its visitors are counted by address alone: who they are is between them and the site.
    async fn visit(
        &self,
        visit: &Visit<'_>,
        body: Incoming,
        backends: &[Backend],
        seen: &mut Seen,
    ) -> Result<Response<Body>, Problem> {
        seen.site = true;
        let headers = &visit.named.parts.headers;
        let now = visit.named.context.began().into_std();
        let admitted = self
            .limits
            .address(visit.client, Rate::Site, now, &mut seen.counted)
            .and_then(|()| framing::length(headers, site::forward::BODY))
            .and_then(|()| pick(backends, rand::random()).ok_or_else(|| Problem::new(DEPENDENCY_UNAVAILABLE)));
        let backend = match admitted {
            Ok(backend) => backend,
            Err(problem) => {
                swallow(headers, body).await;
                return Err(problem);
            }
        };
        let answer = site::forward::forward(backend, visit, body).await?;
        seen.foreign = true;
        Ok(answer)
    }

    /// Whether a request goes on to a service, by its head alone.
    async fn admit(&self, named: Named<'_>, client: IpAddr, seen: &mut Seen) -> Result<Step, Problem> {
        let parts = named.parts;
        if parts.method == Method::OPTIONS {
            return self.preflight(named, client, seen).map(Step::Answer);
        }
        let (row, own) = match self.routes.find(&parts.method, parts.uri.path()) {
            Found::Route(row, given) => (row, row.own.map(|name| given.get(name).unwrap_or_default())),
            Found::OtherMethods(names) => return Ok(Step::Answer(other_methods(&names, named.context))),
            Found::Nothing => return Err(Problem::new(NO_SUCH_ROUTE)),
        };
        seen.row = Some(row);
        seen.origin = self.origins.check(&parts.headers, row)?;
        self.limits.address(client, row.rate, named.context.began().into_std(), &mut seen.counted)?;
        let principal = self.principal(named, row, own, &mut seen.counted).await?;
        framing::length(&parts.headers, row.body)?;
        Ok(Step::On(row, self.token(principal.as_ref(), row, named)?))
    }

    /// Who asks, where that counts. On public routes nobody is looked at: a bad token doesn't keep anybody from a page. `own` is the value of the
    /// parameter that must be its own.
    async fn principal(
        &self,
        named: Named<'_>,
        row: &'static Row,
        own: Option<&str>,
        counted: &mut Counted,
    ) -> Result<Option<Principal>, Problem> {
        if row.may == May::Public {
            return Ok(None);
        }
        let principal = self.auth.principal(&named.parts.headers).await?;
        // Now: the issuer's keys may have been waited for.
        self.limits.principal(&principal, row.rate, Instant::now().into_std(), counted)?;
        may_call(&principal, row, own)?;
        Ok(Some(principal))
    }

    /// Who asks, in the form in which the service of the row believes it.
    fn token(
        &self,
        principal: Option<&Principal>,
        row: &Row,
        named: Named<'_>,
    ) -> Result<Option<HeaderValue>, Problem> {
        let (Some(speaker), Some(principal)) = (&self.speaker, principal) else { return Ok(None) };
        speaker.token(&principal.told(), row.to.name()).map(Some).map_err(|error| {
            named.span().in_scope(|| tracing::error!(error = chain(&error), "services can't be told who asks"));
            Problem::new(INTERNAL)
        })
    }

    /// A browser asks whether a page may ask. Counted like the request that it asks for.
    fn preflight(&self, named: Named<'_>, client: IpAddr, seen: &mut Seen) -> Result<Response<Body>, Problem> {
        let parts = named.parts;
        let wanted = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let method = wanted.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let (Some(wanted), Some(method), true) = (wanted, method, parts.headers.contains_key(header::ORIGIN)) else {
            return Err(Problem::new(METHOD_NOT_ALLOWED));
        };
        let row = match self.routes.find(&method, parts.uri.path()) {
            Found::Route(row, _) => row,
            Found::OtherMethods(names) => return Ok(other_methods(&names, named.context)),
            Found::Nothing => return Err(Problem::new(NO_SUCH_ROUTE)),
        };
        seen.row = Some(row);
        self.limits.address(client, row.rate, named.context.began().into_std(), &mut seen.counted)?;
        seen.origin = self.origins.check(&parts.headers, row)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        cors::preflight(response.headers_mut(), wanted.clone());
        Ok(response)
    }
}
