//! The binding files. In comes a directory; out go the addresses in it, read as one consistent pair.
//! Must not log or show what it read: the addresses hold passwords.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::error::BindingError;

/// What the directory says.
#[derive(Debug, Clone)]
pub(crate) struct Bindings {
    pub(crate) current: SecretString,
    /// Present while a split of this service lives.
    pub(crate) next: Option<SecretString>,
}

/// Reads `current` and, if it is there, `next`.
///
/// A kubelet publishes a Secret by swapping the symlink `..data` to a new directory. Resolving that link once and
/// reading both files behind it keeps a swap between the two reads from giving `current` of one version and `next` of
/// another; should the old directory vanish meanwhile, the read is repeated.
///
/// # Errors
/// When `current` can't be read or is empty.
pub(crate) async fn read(dir: &Path) -> Result<Bindings, BindingError> {
    let mut last = read_once(dir).await;
    for _ in 0..2 {
        if !matches!(&last, Err(BindingError::Read { source, .. }) if source.kind() == ErrorKind::NotFound) {
            break;
        }
        last = read_once(dir).await;
    }
    last
}

async fn read_once(dir: &Path) -> Result<Bindings, BindingError> {
    let version = tokio::fs::canonicalize(dir.join("..data")).await.unwrap_or_else(|_| dir.to_owned());
    let current = version.join("current");
    let next = read_file(&version.join("next")).await?;
    match read_file(&current).await? {
        Some(current) => Ok(Bindings { current, next }),
        // An empty file is told apart from a missing one: the first is a half-made Secret.
        None if tokio::fs::try_exists(&current).await.unwrap_or(false) => {
            Err(BindingError::Empty { path: dir.join("current") })
        }
        None => Err(BindingError::Read { path: dir.join("current"), source: ErrorKind::NotFound.into() }),
    }
}

async fn read_file(path: &PathBuf) -> Result<Option<SecretString>, BindingError> {
    match tokio::fs::read_to_string(path).await {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BindingError::Read { path: path.clone(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[tokio::test]
    async fn current_is_needed_and_next_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(dir.path()).await, Err(BindingError::Read { .. })));
        std::fs::write(dir.path().join("current"), " \n").unwrap();
        assert!(matches!(read(dir.path()).await, Err(BindingError::Empty { .. })));
        std::fs::write(dir.path().join("current"), "postgresql://a\n").unwrap();
        let bindings = read(dir.path()).await.unwrap();
        assert_eq!(bindings.current.expose_secret(), "postgresql://a");
        assert!(bindings.next.is_none());
    }

    #[tokio::test]
    async fn a_swapped_link_is_read_as_one_version() {
        let dir = tempfile::tempdir().unwrap();
        for (version, files) in [("..1", vec![("current", "a")]), ("..2", vec![("current", "a"), ("next", "b")])] {
            std::fs::create_dir(dir.path().join(version)).unwrap();
            for (name, text) in files {
                std::fs::write(dir.path().join(version).join(name), text).unwrap();
            }
        }
        std::os::unix::fs::symlink("..1", dir.path().join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/current", dir.path().join("current")).unwrap();
        assert!(read(dir.path()).await.unwrap().next.is_none());
        std::os::unix::fs::symlink("..2", dir.path().join("..tmp")).unwrap();
        std::fs::rename(dir.path().join("..tmp"), dir.path().join("..data")).unwrap();
        assert_eq!(read(dir.path()).await.unwrap().next.unwrap().expose_secret(), "b");
    }
}
