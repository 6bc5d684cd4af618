//! The authority in its Secret. In: the operator's namespace. Out: something that signs. The first is made by whoever asks
//! first; creation, not apply, so that two processes can't each believe in one of their own. `rotate` makes those that follow.

use super::{CERTIFICATE, Error, KEY, ROOTS, issue, rotation, to_secret};
use crate::cluster::{self, call, read};
use crate::context::Context;
use crate::outcome::Outcome;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta, PostParams};
use rcgen::{Issuer, KeyPair, PublicKeyData};
use rerp_crds::{labels, names};
use x509_parser::pem::{Pem, parse_x509_pem};

/// A certificate authority that can sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    key_id: Vec<u8>,
    roots: String,
}

impl Authority {
    /// The authority in a Secret. `ca.crt`, where it is there, is what everybody trusts: more than one root while the authority
    /// changes. Otherwise `tls.crt` is.
    pub fn of(secret: &Secret, now: Timestamp) -> Result<Self, Error> {
        let certificate = text(secret, CERTIFICATE)?;
        let key = KeyPair::from_pem(&text(secret, KEY)?).map_err(|_| Error::Unreadable { key: KEY })?;
        let unreadable = || Error::Unreadable { key: CERTIFICATE };
        let (_, pem) = parse_x509_pem(certificate.as_bytes()).map_err(|_| unreadable())?;
        let parsed = pem.parse_x509().map_err(|_| unreadable())?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(Error::Mismatch);
        }
        let life = rotation::life(&certificate)?;
        if life.end <= now {
            return Err(Error::Ended { at: life.end, ours: life.ours });
        }
        if !parsed.is_ca() {
            return Err(Error::NoAuthority);
        }
        let key_id = key_id(&parsed).ok_or_else(unreadable)?;
        let roots = match text(secret, ROOTS) {
            Ok(roots) => holding(roots, &pem.contents)?,
            Err(Error::Missing { .. }) => certificate.clone(),
            Err(error) => return Err(error),
        };
        Ok(Self { issuer: Issuer::from_ca_cert_pem(&certificate, key)?, key_id, roots })
    }

    /// What everybody trusts, PEM.
    pub fn roots(&self) -> &str {
        &self.roots
    }

    /// The identifier of its key, which every certificate it signs names.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

/// `roots`, if every certificate in it can be read and `own` is one of them: whoever trusts less than that trusts nobody.
fn holding(roots: String, own: &[u8]) -> Result<String, Error> {
    let all: Vec<Pem> = Pem::iter_from_buffer(roots.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| Error::Unreadable { key: ROOTS })?;
    if all.iter().any(|one| one.parse_x509().is_err()) {
        return Err(Error::Unreadable { key: ROOTS });
    }
    if all.iter().any(|one| one.contents == own) { Ok(roots) } else { Err(Error::NotARoot) }
}

fn key_id(certificate: &x509_parser::certificate::X509Certificate<'_>) -> Option<Vec<u8>> {
    use x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier;
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

pub(super) fn text(secret: &Secret, key: &'static str) -> Result<String, Error> {
    let bytes = secret.data.as_ref().and_then(|data| data.get(key)).ok_or(Error::Missing { key })?;
    String::from_utf8(bytes.0.clone()).map_err(|_| Error::Unreadable { key })
}

/// The authority of this operator, made if there is none yet.
pub async fn ensure(context: &Context) -> Result<Authority, Outcome> {
    let namespace = context.settings.operator_namespace.as_str();
    let api = Api::<Secret>::namespaced(context.client.clone(), namespace);
    let now = context.clock.now();
    let secret = match read::get(&api, names::CA_SECRET).await? {
        Some(secret) => secret,
        None => create(&api, context, now).await?,
    };
    Authority::of(&secret, now).map_err(|error| error.outcome(&format!("{namespace}/{}", names::CA_SECRET)))
}

async fn create(api: &Api<Secret>, context: &Context, now: Timestamp) -> Result<Secret, Outcome> {
    let made =
        issue::authority(&context.settings.trust_domain, now).map_err(|error| error.outcome(names::CA_SECRET))?;
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(names::CA_SECRET.to_owned()),
            labels: Some([(labels::MANAGED_BY.to_owned(), labels::MANAGER.to_owned())].into()),
            ..ObjectMeta::default()
        },
        ..to_secret(&made)
    };
    let created = call("create", "Secret", names::CA_SECRET, api.create(&PostParams::default(), &secret)).await;
    match created {
        Ok(secret) => {
            context.metrics.wrote("create");
            tracing::info!("made a certificate authority");
            Ok(secret)
        }
        // Somebody was faster: theirs counts. Should it be gone again, the queue tries once more.
        Err(error) if error.class() == cluster::Class::Conflict => {
            read::get(api, names::CA_SECRET).await?.ok_or_else(|| Outcome::from(error))
        }
        Err(error) => Err(error.into()),
    }
}
