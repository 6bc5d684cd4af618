//! What anybody may know of the project.

use serde_json::{Value, json};

use super::state::State;

/// Ways to sign in that GoTrue has and the stand-in doesn't.
const ELSEWHERE: [&str; 24] = [
    "apple",
    "azure",
    "bitbucket",
    "discord",
    "facebook",
    "snapchat",
    "figma",
    "fly",
    "github",
    "gitlab",
    "google",
    "keycloak",
    "kakao",
    "linkedin",
    "linkedin_oidc",
    "notion",
    "spotify",
    "slack",
    "slack_oidc",
    "workos",
    "twitch",
    "twitter",
    "zoom",
    "x",
];

/// `GET /health`.
pub(super) fn health() -> Value {
    json!({ "version": "v2.196.0", "name": "GoTrue", "description": "GoTrue is a user registration and authentication API" })
}

/// `GET /settings`.
pub(super) fn settings(state: &State) -> Value {
    let set = &state.settings;
    let mut external = json!({ "email": true, "phone": true, "anonymous_users": set.anonymous_users });
    for name in ELSEWHERE {
        external[name] = json!(false);
    }
    json!({
        "external": external, "disable_signup": set.disable_signup, "mailer_autoconfirm": set.mailer_autoconfirm,
        "phone_autoconfirm": set.sms_autoconfirm, "sms_provider": "twilio", "saml_enabled": false,
        "saml_private_key_next_configured": false, "passkeys_enabled": false,
    })
}

/// `GET /.well-known/openid-configuration`. The stand-in signs nobody in elsewhere, so what it says of that is GoTrue's.
pub(super) fn discovery(state: &State) -> Value {
    let issuer = state.settings.issuer.trim_end_matches('/');
    json!({
        "issuer": state.settings.issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "userinfo_endpoint": format!("{issuer}/oauth/userinfo"),
        "scopes_supported": ["openid", "profile", "email", "phone"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "sub", "aud", "iss", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "phone_number", "phone_number_verified",
            "name", "picture", "preferred_username", "updated_at",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
    })
}
