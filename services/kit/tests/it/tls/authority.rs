//! An authority that signs as the operator's does, and the files that it leads to.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, SanType};

use super::world::id;

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn roots(&self) -> String {
        self.0.pem()
    }

    /// Writes a new certificate of `name` and the roots to trust, as a kubelet would swap them in: each file whole.
    pub(crate) fn renew(&self, dir: &Path, name: &str, roots: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([format!("{name}.rerp.svc")]).unwrap();
        params.subject_alt_names.push(SanType::URI(id(name).as_str().try_into().unwrap()));
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let peers = std::fs::read_to_string(dir.join("peers")).unwrap();
        let (version, link) = (dir.join(format!("..{}", uuid::Uuid::new_v4())), dir.join("..next"));
        std::fs::create_dir(&version).unwrap();
        let files = [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem()), ("ca.crt", roots.to_owned())];
        for (file, text) in files.into_iter().chain([("peers", peers)]) {
            std::fs::write(version.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink(&version, &link).unwrap();
        std::fs::rename(link, dir.join("..data")).unwrap();
    }
}
