//! What a document means, as text: its statements in RDF, canonical by RDFC-1.0, which is what `eddsa-rdfc-2022` signs. In comes JSON-LD; out go
//! N-Quads. Pure: the contexts are here, nothing is fetched. Must not be given names that no context knows: they mean nothing, so nobody would
//! notice them changed. A test looks that there are none.

use std::error::Error;

use oxjsonld::{JsonLdLoadDocumentOptions, JsonLdParser, JsonLdRemoteDocument};
use oxrdf::Dataset;
use oxrdf::dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm};
use serde_json::Value;

use super::{BadgeError, CREDENTIALS, OPEN_BADGES};

/// Contexts as they are published. Their addresses promise that they never change.
const CONTEXTS: [(&str, &str); 2] = [
    (CREDENTIALS, include_str!("contexts/credentials-v2.json")),
    (OPEN_BADGES, include_str!("contexts/open-badges-3.0.3.json")),
];

/// The statements of a document, a line each, in their one order.
///
/// # Errors
/// It is no JSON-LD, or names a context that isn't here.
pub fn n_quads(document: &Value) -> Result<String, BadgeError> {
    let text = serde_json::to_vec(document)?;
    let parser = JsonLdParser::new().for_slice(&text).with_load_document_callback(load);
    let mut dataset = parser.collect::<Result<Dataset, _>>()?;
    let hash_algorithm = CanonicalizationHashAlgorithm::Sha256;
    dataset.canonicalize(CanonicalizationAlgorithm::Rdfc10 { hash_algorithm });
    let mut lines: Vec<String> = dataset.iter().map(|quad| format!("{quad} .\n")).collect();
    lines.sort_unstable();
    Ok(lines.concat())
}

fn load(address: &str, _: &JsonLdLoadDocumentOptions) -> Result<JsonLdRemoteDocument, Box<dyn Error + Send + Sync>> {
    let (_, text) = CONTEXTS.into_iter().find(|(known, _)| *known == address).ok_or("none of our contexts")?;
    Ok(JsonLdRemoteDocument { document: text.as_bytes().to_vec(), document_url: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::fixtures::{facts, issuer, vector};
    use serde_json::json;

    #[test]
    fn unnamed_nodes_get_their_canonical_names() {
        let document = json!({
            "@context": [CREDENTIALS, OPEN_BADGES], "id": "urn:x:1", "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": "A \"name\"\\\n", "credentialSubject": { "id": "urn:x:2", "type": ["AchievementSubject"],
                "result": [{ "type": ["Result"], "value": "9" }] },
        });
        let vocabulary = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#";
        let a = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
        let expected = [
            format!("<urn:x:1> {a} <https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential> .\n"),
            format!("<urn:x:1> {a} <https://www.w3.org/2018/credentials#VerifiableCredential> .\n"),
            "<urn:x:1> <https://schema.org/name> \"A \\\"name\\\"\\\\\\n\" .\n".to_owned(),
            "<urn:x:1> <https://www.w3.org/2018/credentials#credentialSubject> <urn:x:2> .\n".to_owned(),
            format!("<urn:x:2> {a} <{vocabulary}AchievementSubject> .\n"),
            format!("<urn:x:2> <{vocabulary}result> _:c14n0 .\n"),
            format!("_:c14n0 {a} <{vocabulary}Result> .\n"),
            "_:c14n0 <https://schema.org/value> \"9\" .\n".to_owned(),
        ];
        assert_eq!(n_quads(&document).unwrap(), expected.concat());
    }

    #[test]
    fn other_contexts_are_refused() {
        let document = json!({ "@context": ["https://example.com/context"], "id": "urn:x:1", "name": "x" });
        assert!(matches!(n_quads(&document), Err(BadgeError::JsonLd(_))));
    }

    /// Every value of a document, with the name it stands under.
    fn leaves(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(name, value, found)),
            Value::Array(items) => items.iter().for_each(|item| leaves(name, item, found)),
            Value::String(text) => found.push((name.to_owned(), text.clone())),
            other => found.push((name.to_owned(), other.to_string())),
        }
    }

    #[test]
    fn everything_that_is_said_is_signed() {
        let issuer = issuer(vector!("key.pem"));
        let list = issuer.status_list(1, "uabc", facts().issued_at);
        for mut document in [issuer.credential(&facts()), list] {
            let signed = n_quads(&document).unwrap();
            document.as_object_mut().unwrap().remove("@context");
            let mut found = Vec::new();
            leaves("", &document, &mut found);
            assert!(found.len() > 8);
            for (name, value) in found {
                // Types are names within a vocabulary, everything else stands there as it is.
                let there = if name == "type" { format!("#{value}> .") } else { value };
                assert!(signed.contains(&there), "{name} {there} is not in\n{signed}");
            }
        }
    }
}
