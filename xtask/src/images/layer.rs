//! One layer of an image: an uncompressed tar whose bytes depend on nothing but its contents. In: files, folders, links, or another
//! tar to take over in part. Out: a file named by its digest. Must not let times, the building user or the order of a folder leak in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// SHA-256 of a blob, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Digest(pub(crate) String);

impl Digest {
    /// Digest of bytes in memory.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// Enough of it to tell two apart.
    pub(crate) fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// Owner of a file in the image: numeric user and group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner(pub(crate) u64, pub(crate) u64);

/// The administrator: nobody in a container of ours runs as it, so what it owns is read-only.
pub(crate) const ROOT: Owner = Owner(0, 0);

/// Writes a layer to a file.
pub(crate) struct LayerWriter {
    tar: Builder<Hashing<io::BufWriter<File>>>,
}

impl LayerWriter {
    /// Starts a layer in a file that is new or empty.
    pub(crate) fn new(file: File) -> Self {
        Self { tar: Builder::new(Hashing { inner: io::BufWriter::new(file), hash: Sha256::new(), size: 0 }) }
    }

    /// A folder. `path` is relative to the root of the image.
    pub(crate) fn dir(&mut self, path: &str, mode: u32, owner: Owner) -> io::Result<()> {
        let mut header = header(EntryType::Directory, mode, owner, 0);
        self.tar.append_data(&mut header, format!("{path}/"), io::empty())
    }

    /// A file with contents from memory.
    pub(crate) fn file(&mut self, path: &str, mode: u32, owner: Owner, contents: &[u8]) -> io::Result<()> {
        let mut header = header(EntryType::Regular, mode, owner, contents.len() as u64);
        self.tar.append_data(&mut header, path, contents)
    }

    /// A file with the contents of a file of this machine.
    pub(crate) fn copy(&mut self, path: &str, mode: u32, owner: Owner, from: &Path) -> io::Result<()> {
        let file = File::open(from)?;
        let mut header = header(EntryType::Regular, mode, owner, file.metadata()?.len());
        self.tar.append_data(&mut header, path, file)
    }

    /// Takes over the entries of another tar for which `keep` says yes; it is asked with the path relative to the root of the image.
    /// Times go, as do set-user-id bits (no program in a container of ours may gain rights) and device nodes.
    pub(crate) fn take(&mut self, tar: impl Read, keep: impl Fn(&str) -> bool) -> io::Result<()> {
        let mut archive = tar::Archive::new(tar);
        for entry in archive.entries()? {
            let entry = entry?;
            let path = relative(&entry.path()?);
            let kind = entry.header().entry_type();
            let known =
                matches!(kind, EntryType::Regular | EntryType::Directory | EntryType::Symlink | EntryType::Link);
            if !known || path.as_os_str().is_empty() || !keep(&path.to_string_lossy()) {
                continue;
            }
            let (old, link) = (entry.header(), entry.link_name()?.map(std::borrow::Cow::into_owned));
            let mode = old.mode()? & if kind.is_dir() { 0o1777 } else { 0o777 };
            let mut header = header(kind, mode, Owner(old.uid()?, old.gid()?), entry.size());
            match link {
                Some(target) if kind.is_hard_link() => self.tar.append_link(&mut header, &path, relative(&target))?,
                Some(target) => self.tar.append_link(&mut header, &path, target)?,
                None => self.tar.append_data(&mut header, &path, entry)?,
            }
        }
        Ok(())
    }

    /// Ends the layer. Returns its digest and its size in bytes.
    pub(crate) fn finish(self) -> io::Result<(Digest, u64)> {
        let mut out = self.tar.into_inner()?;
        out.flush()?;
        Ok((Digest(hex::encode(out.hash.finalize())), out.size))
    }
}

fn header(kind: EntryType, mode: u32, owner: Owner, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner.0);
    header.set_gid(owner.1);
    header.set_mtime(0);
    header.set_size(if kind.is_file() { size } else { 0 });
    header
}

/// `./usr/bin/x` and `/usr/bin/x` -> `usr/bin/x`.
fn relative(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect()
}

/// Hashes what passes through.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(build: impl Fn(&mut LayerWriter)) -> (Vec<u8>, Digest) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = LayerWriter::new(file.reopen().unwrap());
        build(&mut writer);
        let (digest, size) = writer.finish().unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        assert_eq!(bytes.len() as u64, size);
        (bytes, digest)
    }

    fn sample(writer: &mut LayerWriter) {
        writer.dir("tmp", 0o1777, ROOT).unwrap();
        writer.file("app", 0o4755, Owner(1, 2), b"program").unwrap();
        writer.file("usr/share/doc/app", 0o644, ROOT, b"words").unwrap();
    }

    #[test]
    fn the_same_contents_give_the_same_bytes() {
        let (bytes, digest) = layer(sample);
        assert_eq!(layer(sample).1, digest);
        assert_eq!(Digest::of(&bytes), digest);
    }

    #[test]
    fn taking_over_filters_and_drops_set_user_id() {
        let (source, _) = layer(sample);
        let (bytes, _) =
            layer(|writer| writer.take(source.as_slice(), |path| !path.starts_with("usr/share/doc")).unwrap());
        let mut seen = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            seen.push((entry.path().unwrap().to_string_lossy().into_owned(), entry.header().mode().unwrap()));
        }
        assert_eq!(seen, [("tmp".to_owned(), 0o1777), ("app".to_owned(), 0o755)]);
    }

    #[test]
    fn paths_longer_than_a_header_survive() {
        let long = format!("{}/file", "folder/".repeat(40));
        let (bytes, _) = layer(|writer| writer.file(&long, 0o644, ROOT, b"x").unwrap());
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap(), relative(Path::new(&long)));
    }
}
