//! The routes of certificates, and of these as Open Badges, as they are described. Data only.

use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::openapi::Operation;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde_json::json;

use super::{OTHER, PERSON};
use crate::http::certificate;

/// What a certificate's token looks like.
const TOKEN: &str = "^[0-9a-f]{64}$";

pub(super) fn certificates() -> Vec<Operation> {
    let list = Operation::new(
        Get,
        "/api/fte/certificates/{id}",
        "list_certificates",
        "A person's certificates, the newest last",
    );
    let revoke = Operation::new(
        Post,
        "/api/fte/certificates/{id}/revoke",
        "revoke_certificate",
        "Takes a certificate back; the first reason stays",
    );
    let verify = Operation::new(
        Get,
        "/api/fte/certificates/verify/{token}",
        "verify_certificate",
        "Whether a certificate counts",
    );
    vec![
        list.identifier("id", "The person", PERSON).pages::<certificate::View>("A page of certificates"),
        revoke
            .identifier("id", "The certificate", OTHER)
            .body::<certificate::Reason>("Why", json!({ "reason": "Issued by mistake" }))
            .answers::<certificate::View>(200, "The certificate")
            .problems(&[INVALID_VALUE]),
        verify
            .segment("token", "What its owner has handed out", json!({ "type": "string", "pattern": TOKEN }))
            .answers::<certificate::Public>(200, "The certificate, and nothing about a person")
            .with("X-Robots-Tag", "Search engines must not list it", true),
    ]
}

pub(super) fn badges() -> Vec<Operation> {
    let credential = Operation::new(
        Get,
        "/api/fte/certificates/verify/{token}/credential",
        "get_credential",
        "A certificate as an Open Badge",
    );
    let status = Operation::new(Get, "/api/fte/issuer/status/{list}", "get_status_list", "A list of what was revoked");
    let profile = Operation::new(Get, "/api/fte/issuer", "get_issuer", "Who issues");
    let did =
        Operation::new(Get, "/api/fte/issuer/did.json", "get_issuer_did", "The issuer's keys, as did:web has them");
    let keys =
        Operation::new(Get, "/api/fte/issuer/jwks.json", "get_issuer_keys", "The issuer's keys, as JOSE has them");
    let forms = ["application/vc", "application/vc+jwt"];
    vec![
        credential
            .segment("token", "What its owner has handed out", json!({ "type": "string", "pattern": TOKEN }))
            .media(200, "With an embedded proof, or as a JWT to whoever asks for that", &forms)
            .with("X-Robots-Tag", "Search engines must not list it", true),
        status
            .segment(
                "list",
                "Which list",
                json!({ "type": "string", "pattern": "^[1-9][0-9]{0,8}$", "examples": ["1"] }),
            )
            .media(200, "With an embedded proof, or as a JWT to whoever asks for that", &forms),
        profile.media(200, "The profile", &["application/ld+json"]),
        did.media(200, "The document", &["application/did+json"]),
        keys.media(200, "The keys", &["application/jwk-set+json"]),
    ]
}
