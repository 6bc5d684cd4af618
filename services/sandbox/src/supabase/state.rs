//! Everything the project remembers. In: users and sessions. Out: the same. Rules are in the rooms beside.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::contact::Contact;
use super::keys::Keys;
use super::limits::Limits;
use super::pkce::Flow;
use super::refusal::Refusal;
use super::session::Session;
use super::settings::Settings;
use super::user::{Purpose, User, is_over};

/// Most users; a test that needs more has gone wrong.
const MOST_USERS: usize = 20_000;
/// Most sessions of a user; the oldest ends.
const MOST_SESSIONS: usize = 100;
/// Most links that are on their way; the oldest give way. The same for challenges.
const MOST_WAITING: usize = 10_000;

/// Somebody was asked for a code of a second factor.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub id: Uuid,
    pub factor: Uuid,
    pub address: Option<String>,
    pub at: Timestamp,
}

/// See the file's header.
#[derive(Debug, Default)]
pub(super) struct State {
    pub settings: Settings,
    pub keys: Keys,
    pub limits: Limits,
    users: HashMap<Uuid, User>,
    sessions: HashMap<Uuid, Session>,
    flows: Vec<Flow>,
    asked: Vec<Asked>,
}

impl State {
    /// An empty project.
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A user.
    pub(super) fn user(&self, id: Uuid) -> Result<&User, Refusal> {
        self.users.get(&id).ok_or_else(Refusal::nobody)
    }

    /// A user who is about to change.
    pub(super) fn user_mut(&mut self, id: Uuid, now: Timestamp) -> Result<&mut User, Refusal> {
        let user = self.users.get_mut(&id).ok_or_else(Refusal::nobody)?;
        user.updated_at = now;
        Ok(user)
    }

    /// Takes a new user in.
    pub(super) fn add(&mut self, user: User) -> Result<Uuid, Refusal> {
        if self.users.len() >= MOST_USERS || self.users.contains_key(&user.id) {
            return Err(Refusal::failed("Database error creating new user"));
        }
        let id = user.id;
        self.users.insert(id, user);
        Ok(id)
    }

    /// Forgets a user and all that is theirs.
    pub(super) fn forget(&mut self, id: Uuid) {
        self.users.remove(&id);
        self.end(|session| session.user == id);
        self.flows.retain(|flow| flow.user != id);
    }

    /// Everybody among an audience, the newest first.
    pub(super) fn all(&self, audience: &str) -> Vec<&User> {
        let mut all: Vec<&User> = self.users.values().filter(|user| user.audience == audience).collect();
        all.sort_by_key(|user| std::cmp::Reverse((user.created_at, user.id)));
        all
    }

    /// Who is reached there.
    pub(super) fn find(&self, audience: &str, contact: &Contact) -> Option<Uuid> {
        let is_theirs = |user: &&User| match contact {
            Contact::Email(address) => user.email == *address,
            Contact::Phone(number) => user.phone == *number,
        };
        self.users
            .values()
            .filter(|user| user.audience == audience && user.deleted_at.is_none())
            .find(is_theirs)
            .map(|user| user.id)
    }

    /// Who was sent a link with this hash for one of these purposes.
    pub(super) fn sent(&self, purposes: &[Purpose], hash: &str) -> Option<(Uuid, Purpose)> {
        self.users.values().find_map(|user| {
            let held =
                |purpose: &Purpose| user.one_time.get(purpose).and_then(|code| code.hash.as_deref()) == Some(hash);
            purposes.iter().copied().find(|purpose| held(purpose)).map(|purpose| (user.id, purpose))
        })
    }

    /// A session.
    pub(super) fn session(&self, id: Uuid) -> Result<&Session, Refusal> {
        self.sessions.get(&id).ok_or_else(|| {
            Refusal::new(403, "session_not_found", "Session from session_id claim in JWT does not exist")
        })
    }

    /// A session that is about to change.
    pub(super) fn session_mut(&mut self, id: Uuid) -> Option<&mut Session> {
        self.sessions.get_mut(&id)
    }

    /// Somebody signs in.
    pub(super) fn begin(&mut self, user: Uuid, method: &'static str, now: Timestamp) -> Result<Uuid, Refusal> {
        self.user_mut(user, now)?.last_sign_in_at = Some(now);
        let mut theirs: Vec<&Session> = self.sessions.values().filter(|session| session.user == user).collect();
        if theirs.len() >= MOST_SESSIONS {
            theirs.sort_by_key(|session| session.created_at);
            let oldest = theirs.first().map(|session| session.id);
            self.end(|session| Some(session.id) == oldest);
        }
        let session = Session::new(user, method, now)?;
        let id = session.id;
        self.sessions.insert(id, session);
        Ok(id)
    }

    /// Ends sessions.
    pub(super) fn end(&mut self, which: impl Fn(&Session) -> bool) {
        self.sessions.retain(|_, session| !which(session));
    }

    /// Takes what a second factor proved from every session that was proved with it.
    pub(super) fn drop_factor(&mut self, factor: Uuid) {
        self.sessions.values_mut().filter(|session| session.factor == Some(factor)).for_each(Session::drop_factor);
    }

    /// Somebody waits for a link.
    pub(super) fn wait(&mut self, flow: Flow) {
        if self.flows.len() >= MOST_WAITING {
            self.flows.remove(0);
        }
        self.flows.push(flow);
    }

    /// The code for the latest link of a kind.
    pub(super) fn code_of(&self, user: Uuid, method: &str) -> Option<String> {
        self.flows.iter().rev().find(|flow| flow.user == user && flow.method == method).map(|flow| flow.code.clone())
    }

    /// Who asks for a session with this code.
    pub(super) fn flow(&self, code: &str) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.code == code)
    }

    /// A code is used up.
    pub(super) fn arrived(&mut self, code: &str) {
        self.flows.retain(|flow| flow.code != code);
    }

    /// Somebody is asked for a second factor.
    pub(super) fn ask(&mut self, asked: Asked) {
        if self.asked.len() >= MOST_WAITING {
            self.asked.remove(0);
        }
        self.asked.push(asked);
    }

    /// What was asked under this name, for this factor. It is answered once.
    pub(super) fn asked(&self, id: Uuid, factor: Uuid) -> Option<&Asked> {
        self.asked.iter().find(|asked| asked.id == id && asked.factor == factor)
    }

    /// It is answered, or too old.
    pub(super) fn answered(&mut self, id: Uuid) {
        self.asked.retain(|asked| asked.id != id);
    }
}

impl Asked {
    /// Whether an answer comes too late.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        is_over(self.at, 300, now)
    }
}
