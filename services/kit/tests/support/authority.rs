//! An authority that signs as the operator's does, and directories with what it signed, swapped as a kubelet swaps them. In: names of
//! services. Out: the files of their certificates.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, SanType};

/// The identity of a service of the namespace `rerp`.
pub fn id(name: &str) -> String {
    format!("spiffe://rerp.local/ns/rerp/sa/{name}")
}

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, PEM.
    pub fn roots(&self) -> String {
        self.0.pem()
    }

    /// Publishes a new certificate of `name`, which lets `peers` in where that counts.
    pub fn publish(&self, dir: &Path, name: &str, peers: &[&str]) {
        let peers: String = peers.iter().map(|name| id(name) + "\n").collect();
        std::fs::write(dir.join("peers"), peers).unwrap();
        self.renew(dir, name, &self.roots());
    }

    /// Writes a new certificate of `name` and the roots to trust, as a kubelet would swap them in: each file whole. Who is let in stays.
    pub fn renew(&self, dir: &Path, name: &str, roots: &str) {
        self.renew_with(dir, name, roots, &KeyPair::generate().unwrap());
    }

    /// The same with a key of one's own.
    pub fn renew_with(&self, dir: &Path, name: &str, roots: &str, key: &KeyPair) {
        // The second name is for clients that can't be told where a name leads.
        let mut params = CertificateParams::new([format!("{name}.rerp.svc"), "localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI(id(name).as_str().try_into().unwrap()));
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(key, &self.0).unwrap();
        let peers = std::fs::read_to_string(dir.join("peers")).unwrap_or_default();
        let (version, link) = (dir.join(format!("..{}", version())), dir.join("..next"));
        std::fs::create_dir(&version).unwrap();
        let files = [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem()), ("ca.crt", roots.to_owned())];
        for (file, text) in files.into_iter().chain([("peers", peers)]) {
            std::fs::write(version.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink(&version, &link).unwrap();
        std::fs::rename(link, dir.join("..data")).unwrap();
    }
}

/// A name that no other version has.
fn version() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("version-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
