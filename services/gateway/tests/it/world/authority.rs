//! An authority that signs as the operator's does, and directories with what it signed, swapped as a kubelet swaps them.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

pub(crate) fn id(name: &str) -> String {
    format!("spiffe://rerp.local/ns/rerp/sa/{name}")
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.0.pem().as_bytes()).unwrap()).unwrap();
        roots
    }

    /// Publishes a new certificate of `name`, which lets `peers` in where that counts.
    pub(crate) fn publish(&self, dir: &Path, name: &str, peers: &[&str]) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([format!("{name}.rerp.svc")]).unwrap();
        params.subject_alt_names.push(SanType::URI(id(name).as_str().try_into().unwrap()));
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let peers: String = peers.iter().map(|name| id(name) + "\n").collect();
        let (version, link) = (dir.join(format!("..{}", uuid::Uuid::new_v4())), dir.join("..next"));
        std::fs::create_dir(&version).unwrap();
        let files = [
            ("tls.crt", certificate.pem()),
            ("tls.key", key.serialize_pem()),
            ("ca.crt", self.0.pem()),
            ("peers", peers),
        ];
        for (file, text) in files {
            std::fs::write(version.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink(&version, &link).unwrap();
        std::fs::rename(link, dir.join("..data")).unwrap();
    }
}
