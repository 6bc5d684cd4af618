//! Settings of the hooks. In comes the environment; out go settings, or mistakes that the kit tells together.

use rerp_kit::config::Env;

use crate::domain::webhook::Secret;

/// How Supabase is known, and what its tokens say of staff.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// What calls are signed with: one for each hook, two of one while the second replaces the first.
    pub secrets: Vec<Secret>,
    /// The audience that tokens of staff get, and nobody else's; none where staff have a project of their own.
    pub staff_audience: Option<String>,
}

impl HookSettings {
    /// None without `RERP_SUPABASE_HOOK_SECRETS`: the routes don't exist then. `sends` says whether messages can be sent, without which hooks are half.
    pub fn read(env: &mut Env, sends: bool) -> Option<Self> {
        const NAME: &str = "RERP_SUPABASE_HOOK_SECRETS";
        // A secret holds a comma; Supabase itself puts this between two.
        let secrets: Option<Vec<Secret>> = env.text(NAME)?.split('|').map(|text| Secret::parse(text.trim())).collect();
        if secrets.is_none() {
            env.mistake(NAME, "expected secrets as Supabase shows them, v1,whsec_ and Base64, with | between");
        }
        if !sends {
            env.mistake(NAME, "needs RERP_OTP_KEY and what goes with it: hooks carry codes");
        }
        let staff_audience = env.text("RERP_STAFF_AUDIENCE").map(str::to_owned);
        Some(Self { secrets: secrets?, staff_audience })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_off_or_complete() {
        let read = |env: &mut Env, sends| (HookSettings::read(env, sends).map(|it| it.secrets.len()), env.finish());
        assert!(matches!(read(&mut Env::of([]), false), (None, Ok(()))));
        let two = ("RERP_SUPABASE_HOOK_SECRETS", "v1,whsec_c2VjcmV0|v1,whsec_c2VjcmV1");
        assert!(matches!(read(&mut Env::of([two]), true), (Some(2), Ok(()))));
        assert!(read(&mut Env::of([two]), false).1.is_err());
        assert!(matches!(read(&mut Env::of([("RERP_SUPABASE_HOOK_SECRETS", "secret")]), true), (None, Err(_))));
    }
}
