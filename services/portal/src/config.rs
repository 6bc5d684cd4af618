//! The portal's own settings. In comes the environment; out go checked values, or mistakes that the kit tells together.
//! Must not open anything.

use std::path::PathBuf;

use rerp_kit::config::Env;
use secrecy::SecretString;
use url::Url;

use crate::cluster::settings::ClusterSettings;
use crate::payments::Payments;
use crate::session::settings::SessionSettings;

/// Where an image has its bundle.
const BUNDLE: &str = "/bundle";
/// Least bytes of the key.
const LEAST_KEY: usize = 32;

/// What a portal needs to know beside what every service does.
#[derive(Debug, Clone)]
pub struct PortalSettings {
    /// Folder of the built bundle, `RERP_PORTAL_BUNDLE`.
    pub bundle: PathBuf,
    /// Where forms go, `RERP_GATEWAY_URL`; a bundle without forms can do without.
    pub gateway: Option<Url>,
    /// Tells the same form, sent twice, from another one, `RERP_FORM_KEY`: the same for all pods. Without it each pod has a random one, and
    /// a form that reaches two of them counts twice.
    pub form_key: Option<SecretString>,
    /// What sessions take; a bundle that asks for none can do without.
    pub sessions: Option<SessionSettings>,
    /// The `aud` of staff's tokens, `RERP_STAFF_AUDIENCE`, as the gateway has it; only a bundle that asks for a second factor needs it.
    pub staff_audience: Option<String>,
    /// What the view of the platform takes; a bundle without one can do without.
    pub cluster: Option<ClusterSettings>,
    /// Who takes cards; a bundle that asks for nobody can do without.
    pub payments: Option<Payments>,
}

impl PortalSettings {
    /// Mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Self {
        let form_key = env.text("RERP_FORM_KEY").map(str::to_owned);
        if form_key.as_ref().is_some_and(|key| key.len() < LEAST_KEY) {
            env.mistake("RERP_FORM_KEY", format!("expected at least {LEAST_KEY} characters from a random source"));
        }
        Self {
            bundle: env.text("RERP_PORTAL_BUNDLE").unwrap_or(BUNDLE).into(),
            gateway: env.optional_dependency("gateway"),
            form_key: form_key.map(SecretString::from),
            sessions: SessionSettings::read(env),
            staff_audience: env.text("RERP_STAFF_AUDIENCE").map(str::to_owned),
            cluster: ClusterSettings::read(env),
            payments: Payments::read(env),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_needs_no_setting() {
        let mut env = Env::of([]);
        let settings = PortalSettings::read(&mut env);
        assert!(env.finish().is_ok());
        assert_eq!(settings.bundle, PathBuf::from("/bundle"));
        assert!(settings.gateway.is_none() && settings.form_key.is_none() && settings.sessions.is_none());
        assert!(settings.cluster.is_none());
        assert!(settings.payments.is_none());
    }

    #[test]
    fn a_short_key_is_a_mistake() {
        let mut env = Env::of([("RERP_FORM_KEY", "short"), ("RERP_GATEWAY_URL", "gateway")]);
        PortalSettings::read(&mut env);
        let mistakes = env.finish().unwrap_err().to_string();
        assert!(mistakes.contains("RERP_FORM_KEY:") && mistakes.contains("RERP_GATEWAY_URL:"), "{mistakes}");
        assert!(!mistakes.contains("short"), "{mistakes}");
    }
}
