//! What a certificate says, as an Open Badge. In come facts that never change once it is issued; out goes the credential, not yet signed. Pure. Must
//! not say who holds it: what it says of the person is a salted hash, which only somebody who knows the identifier can compare.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::issuer::Issuer;
use super::{CREDENTIALS, OPEN_BADGES, named, sha256};

/// A certificate, with the test that it stands for. Titles of modules are not among it: editors change them, and what is signed must stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The certificate.
    pub certificate_id: Uuid,
    /// Identity's. Only hashed.
    pub human_name_id: Uuid,
    /// Its secret, from which the salt follows. Never shown.
    pub token: String,
    /// Its number.
    pub number: String,
    /// The course.
    pub course: String,
    /// From when it is valid.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Points of the final assessment that were earned.
    pub earned: i64,
    /// All there were.
    pub total: i64,
    /// The share that passes, in hundredths of a percent.
    pub pass_bp: i32,
    /// The list that says whether it is revoked.
    pub status_list: i32,
    /// Its place there.
    pub status_index: i32,
}

impl Facts {
    /// The fewest points that pass.
    fn required(&self) -> i128 {
        (i128::from(self.total) * i128::from(self.pass_bp) + 9_999) / 10_000
    }
}

/// A time as credentials have it: whole seconds, so that a JWT says the same.
pub(super) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Issuer {
    /// The credential of a certificate.
    #[must_use]
    pub fn credential(&self, facts: &Facts) -> Value {
        let Facts { status_list: list, status_index: index, .. } = facts;
        let mut credential = json!({
            "@context": [CREDENTIALS, OPEN_BADGES],
            "id": format!("urn:uuid:{}", facts.certificate_id),
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": format!("Course {}", facts.course),
            "issuer": self.named(),
            "validFrom": seconds(facts.issued_at),
            "credentialSubject": self.subject(facts),
            "credentialStatus": {
                "id": format!("{}#{index}", self.list(*list)),
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": index.to_string(),
                "statusListCredential": self.list(*list),
            },
        });
        if let (Some(end), Some(fields)) = (facts.expires_at, credential.as_object_mut()) {
            fields.insert("validUntil".to_owned(), json!(seconds(end)));
        }
        credential
    }

    fn subject(&self, facts: &Facts) -> Value {
        let Facts { course, total, earned, .. } = facts;
        let required = facts.required();
        // Of every certificate another one, and the same each time: nobody can tell that two certificates are one person's.
        let salt = hex::encode(sha256(&[b"salt of ", facts.token.as_bytes()]).split_at(16).0);
        let identity = sha256(&[facts.human_name_id.to_string().as_bytes(), salt.as_bytes()]);
        let achievement = sha256(&[format!("{} {course} {required} of {total}", self.did()).as_bytes()]);
        let score = format!("urn:uuid:{}", named(&sha256(&[b"score of ", &achievement])));
        json!({
            "id": format!("urn:uuid:{}", named(&identity)),
            "type": ["AchievementSubject"],
            "identifier": [{
                "type": "IdentityObject",
                "hashed": true,
                "identityHash": format!("sha256${}", hex::encode(identity)),
                "identityType": "systemId",
                "salt": salt,
            }],
            "licenseNumber": facts.number,
            "achievement": {
                "id": format!("urn:uuid:{}", named(&achievement)),
                "type": ["Achievement"],
                "achievementType": "CertificateOfCompletion",
                "name": format!("Course {course}"),
                "description": format!("All modules of the course {course}, and its final assessment."),
                "criteria": { "narrative": format!(
                    "Every module of the course is completed, and its final assessment was passed, within its time, with at least {required} of {total} points."
                ) },
                "resultDescription": [{
                    "id": score,
                    "type": ["ResultDescription"],
                    "name": "Points of the final assessment",
                    "resultType": "RawScore",
                    "valueMin": "0",
                    "valueMax": total.to_string(),
                    "requiredValue": required.to_string(),
                }],
            },
            "result": [{ "type": ["Result"], "resultDescription": score, "value": earned.to_string() }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::fixtures::{facts, issuer, vector};

    #[test]
    fn the_mark_is_the_fewest_points_that_pass() {
        for (total, pass_bp, required) in
            [(10, 7_000, 7), (3, 6_667, 3), (3, 6_666, 2), (7, 0, 0), (i64::MAX, 10_000, i128::from(i64::MAX))]
        {
            assert_eq!(Facts { total, pass_bp, ..facts() }.required(), required, "{total} at {pass_bp}");
        }
    }

    #[test]
    fn two_certificates_of_a_person_have_nothing_in_common_that_names_them() {
        let issuer = issuer(vector!("key.pem"));
        let (one, other) = (facts(), Facts { token: "cd".repeat(32), ..facts() });
        let [one, other] = [one, other].map(|facts| issuer.credential(&facts)["credentialSubject"].clone());
        for name in ["id", "identifier"] {
            assert_ne!(one[name], other[name], "{name}");
        }
        assert_eq!(one["achievement"], other["achievement"]);
        for text in [one.to_string(), other.to_string()] {
            let person = facts().human_name_id;
            assert!(!text.contains(&person.to_string()) && !text.contains(&person.simple().to_string()));
            assert!(!text.contains(&facts().token));
        }
    }

    #[test]
    fn without_an_end_there_is_none() {
        let credential = issuer(vector!("key.pem")).credential(&Facts { expires_at: None, ..facts() });
        assert_eq!(credential.get("validUntil"), None);
        assert_eq!(credential["validFrom"], json!("2026-01-02T03:04:05Z"));
    }
}
