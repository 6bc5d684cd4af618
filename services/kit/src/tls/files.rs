//! The mounted files. In: a directory. Out: what is in it, of one version. Must not understand what it read.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use super::error::TlsError;

/// Everything in the directory, as it was at one moment.
#[derive(PartialEq, Eq)]
pub(super) struct Files {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) roots: Vec<u8>,
    pub(super) peers: String,
}

/// Reads the directory. A kubelet publishes a version by swapping the link `..data`: what is read behind one resolution of it
/// belongs together. Should that version vanish in between, the read is repeated.
///
/// # Errors
/// A file is missing or can't be read.
pub(super) async fn read(dir: &Path) -> Result<Files, TlsError> {
    let mut last = once(dir).await;
    for _ in 0..2 {
        if !matches!(&last, Err(TlsError::Read { source, .. }) if source.kind() == ErrorKind::NotFound) {
            break;
        }
        last = once(dir).await;
    }
    last
}

async fn once(dir: &Path) -> Result<Files, TlsError> {
    let version = tokio::fs::canonicalize(dir.join("..data")).await.unwrap_or_else(|_| dir.to_owned());
    let file = async |name: &str| {
        let path = version.join(name);
        tokio::fs::read(&path).await.map_err(|source| TlsError::Read { path: dir.join(name), source })
    };
    Ok(Files {
        certificate: file("tls.crt").await?,
        key: Zeroizing::new(file("tls.key").await?),
        roots: file("ca.crt").await?,
        peers: String::from_utf8_lossy(&file("peers").await?).into_owned(),
    })
}
