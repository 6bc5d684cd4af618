//! Calls. In: method, path, who asks, and a body. Out: what is to be answered, and the letters to carry before; or a refusal. The lock is held for a
//! moment each time and never while somebody else is asked.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::grant::{self, Issue};
use super::letter::Letter;
use super::refusal::Refusal;
use super::settings::Settings;
use super::state::State;
use super::{admin, factors, me, otp, public, signup, token, verify};

/// A call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'a str,
    /// Below `/auth/v1/`.
    pub path: &'a str,
    /// The query.
    pub query: &'a str,
    /// The header `apikey`.
    pub key: Option<&'a str>,
    /// The token in `Authorization`.
    pub bearer: Option<&'a str>,
    /// The header `X-JWT-AUD`.
    pub audience: Option<&'a str>,
    /// The first address in `X-Forwarded-For`.
    pub address: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What is to be done about a call.
#[derive(Debug)]
pub struct Done {
    /// To be carried before anything is answered.
    pub letters: Vec<Letter>,
    /// What is answered then.
    pub reply: Reply,
    /// Somebody who is here since this call, and isn't if a letter can't be carried.
    pub made: Option<Uuid>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A document.
    Document(Value),
    /// A document, and how many there are in all, with the pages after and last.
    Page(Value, Page),
    /// A user as they are by then.
    User(Uuid),
    /// Nothing.
    Empty,
    /// Another address.
    Redirect(String),
    /// A token, made by then.
    Session(Issue),
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many there are.
    pub total: usize,
    /// The next page, if there is one.
    pub next: Option<usize>,
    /// The last one.
    pub last: usize,
}

impl Done {
    /// An answer without letters.
    pub(super) fn reply(reply: Reply) -> Self {
        Self { letters: Vec::new(), reply, made: None }
    }

    /// A document without letters.
    pub(super) fn document(document: Value) -> Self {
        Self::reply(Reply::Document(document))
    }

    /// An empty document once a letter is carried.
    pub(super) fn sent(letter: Letter) -> Self {
        Self { letters: vec![letter], ..Self::document(json!({})) }
    }
}

impl Call<'_> {
    /// A parameter in the query.
    pub(super) fn asked(&self, name: &str) -> Option<String> {
        let found = form_urlencoded::parse(self.query.as_bytes()).find(|(known, _)| known == name);
        found.map(|(_, value)| Cow::into_owned(value)).filter(|value| !value.is_empty())
    }

    /// For whom the token will be that is asked for.
    pub(super) fn audience_in<'b>(&'b self, state: &'b State) -> &'b str {
        self.audience.filter(|audience| !audience.is_empty()).unwrap_or(&state.settings.audience)
    }

    /// Whether the project's secret key is shown, and nobody's token with it.
    fn is_service(&self) -> bool {
        let is_secret = |key: &str| key.strip_prefix("sb_secret_").is_some_and(|rest| !rest.is_empty());
        self.key.is_some_and(is_secret) && self.bearer.is_none_or(is_secret)
    }

    /// Any key of the right form opens the one project.
    fn opens(&self) -> Result<(), Refusal> {
        let given = self.key.map(str::to_owned).or_else(|| self.asked("apikey"));
        let Some(key) = given else {
            let hint = "No `apikey` request header or url param was found.";
            return Err(Refusal::key("No API key found in request", hint));
        };
        let kinds = ["sb_publishable_", "sb_secret_"];
        if kinds.iter().any(|kind| key.strip_prefix(kind).is_some_and(|rest| !rest.is_empty())) {
            return Ok(());
        }
        Err(Refusal::key("Invalid API key", "Double check your Supabase `anon` or `service_role` API key."))
    }
}

/// A project at Supabase.
#[derive(Debug, Default)]
pub struct Supabase {
    state: Mutex<State>,
}

impl Supabase {
    /// An empty project.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { state: Mutex::new(State::new(settings)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is called for.
    ///
    /// # Errors
    /// Supabase's.
    pub fn call(&self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
        let state = &mut self.state();
        let steps: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let is_open = matches!((call.method, steps.as_slice()), ("GET", [".well-known", _] | ["verify"]));
        if !is_open {
            call.opens()?;
        }
        match (call.method, steps.as_slice()) {
            ("GET", ["health"]) => Ok(Done::document(public::health())),
            ("GET", ["settings"]) => Ok(Done::document(public::settings(state))),
            ("GET", [".well-known", "jwks.json"]) => Ok(Done::document(state.keys.published()?)),
            ("GET", [".well-known", "openid-configuration"]) => Ok(Done::document(public::discovery(state))),
            ("POST", ["signup"]) => signup::sign_up(state, call, now),
            ("POST", ["token"]) => token::grant(state, call, now),
            ("POST", ["otp"]) => otp::otp(state, call, now),
            ("POST", ["magiclink"]) => otp::magic_link(state, call, now),
            ("POST", ["recover"]) => otp::recover(state, call, now),
            ("POST", ["resend"]) => otp::resend(state, call, now),
            ("POST", ["verify"]) => verify::post(state, call, now),
            ("GET", ["verify"]) => verify::get(state, call, now),
            ("POST", ["logout"]) => me::sign_out(state, call, now),
            ("GET", ["user"]) => me::show(state, call, now),
            ("PUT", ["user"]) => me::change(state, call, now),
            (_, ["factors", rest @ ..]) => factors::call(state, call, rest, now),
            (_, ["admin", "users", rest @ ..]) if call.is_service() => admin::call(state, call, rest, now),
            (_, ["admin", "users", ..]) => Err(me::no_admin(state, call, now)),
            _ => Err(Refusal::no_route()),
        }
    }

    /// A letter was carried.
    ///
    /// # Errors
    /// Whoever wanted it is gone.
    pub fn arrived(&self, letter: Letter, now: Timestamp) -> Result<(), Refusal> {
        letter.arrived(&mut self.state(), now)
    }

    /// A letter can't be carried: whoever is here because of it is so no more.
    pub fn failed(&self, made: Option<Uuid>) {
        if let Some(made) = made {
            self.state().forget(made);
        }
    }

    /// A user as they are shown.
    ///
    /// # Errors
    /// There is none.
    pub fn user(&self, id: Uuid) -> Result<Value, Refusal> {
        self.state().user(id).map(super::user::User::document)
    }

    /// What a token is to say.
    ///
    /// # Errors
    /// User or session are gone.
    pub fn claims(&self, issue: &Issue, now: Timestamp) -> Result<Value, Refusal> {
        grant::claims(&self.state(), issue, now)
    }

    /// Whether a hook left what every token needs.
    ///
    /// # Errors
    /// It didn't.
    pub fn complete(&self, claims: &Value) -> Result<(), Refusal> {
        grant::complete(claims)
    }

    /// The answer to a sign-in, with a token that says this and ends, as far as the answer tells, at `ends`.
    ///
    /// # Errors
    /// User or session are gone.
    pub fn session(&self, issue: &Issue, claims: &Value, ends: i64, now: Timestamp) -> Result<Value, Refusal> {
        grant::document(&mut self.state(), issue, claims, ends, now)
    }

    /// What is set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Changes what is set.
    ///
    /// # Errors
    /// What can't be used, for a person.
    pub fn set(&self, changes: &Value) -> Result<(), String> {
        let mut state = self.state();
        state.settings = state.settings.with(changes)?;
        Ok(())
    }

    /// Signs with a new key from now on. Gives its name, and that of the one before, which stays published.
    ///
    /// # Errors
    /// No key can be made.
    pub fn rotate(&self) -> Result<(Uuid, Option<Uuid>), Refusal> {
        self.state().keys.rotate()
    }

    /// Withdraws a key; false if it is the one that signs, or none.
    pub fn withdraw(&self, key: Uuid) -> bool {
        self.state().keys.withdraw(key)
    }
}
