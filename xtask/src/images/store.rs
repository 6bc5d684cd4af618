//! The images on this machine: layers by digest and one record per image, in the cache outside the checkout. In: finished layers and
//! the settings of an image. Out: images, and archives in the layout of `docker save`. A layer used by two images is stored once.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::layer::{Digest, LayerWriter};

/// Layers that no image uses any more are kept this long: another run may be writing an archive from them.
const KEEP_UNUSED: Duration = Duration::from_secs(60 * 60);

/// How the containers of an image start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Numeric `user:group`: the kubelet can check a number against `runAsNonRoot`, not a name.
    pub(crate) user: String,
    /// Program and its first arguments.
    pub(crate) entrypoint: Vec<String>,
    /// `KEY=value`.
    pub(crate) env: Vec<String>,
    /// Signal that asks the program to end.
    pub(crate) stop_signal: String,
}

/// A built image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    /// `ghcr.io/rerp/identity:dev`.
    pub(crate) reference: String,
    /// The OCI image configuration, as bytes that were hashed.
    pub(crate) config: String,
    /// From the bottom up, with their sizes in bytes.
    pub(crate) layers: Vec<(Digest, u64)>,
    /// Fingerprint of what it was built from; equal inputs need no new build.
    pub(crate) inputs: String,
}

impl Image {
    /// Puts an image together.
    pub(crate) fn new(reference: String, settings: &Settings, layers: Vec<(Digest, u64)>, inputs: String) -> Self {
        let diffs: Vec<String> = layers.iter().map(|(digest, _)| format!("sha256:{}", digest.0)).collect();
        // A fixed date: the same contents must have the same identity, whenever they are built.
        let epoch = "1970-01-01T00:00:00Z";
        let history: Vec<_> =
            layers.iter().map(|_| json!({ "created": epoch, "created_by": "cargo xtask images" })).collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "created": epoch,
            "config": {
                "User": settings.user,
                "Entrypoint": settings.entrypoint,
                "Env": settings.env,
                "WorkingDir": "/",
                "StopSignal": settings.stop_signal,
            },
            "rootfs": { "type": "layers", "diff_ids": diffs },
            "history": history,
        });
        Self { reference, config: config.to_string(), layers, inputs }
    }

    /// Identity: equal exactly when contents and settings are.
    pub(crate) fn id(&self) -> Digest {
        Digest::of(self.config.as_bytes())
    }

    /// Size of all its layers in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.layers.iter().map(|(_, size)| size).sum()
    }
}

/// The folder that keeps layers and records.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the store, making its folders.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(dir.join("layers"))?;
        Ok(Self { dir })
    }

    /// A file in the store's folder that vanishes unless it is kept: big files stay on one file system.
    pub(crate) fn scratch(&self) -> io::Result<tempfile::NamedTempFile> {
        tempfile::Builder::new().prefix("scratch-").tempfile_in(&self.dir)
    }

    /// Builds a layer and stores it under its digest.
    pub(crate) fn layer(&self, build: impl FnOnce(&mut LayerWriter) -> io::Result<()>) -> io::Result<(Digest, u64)> {
        let file = self.scratch()?;
        let mut writer = LayerWriter::new(file.reopen()?);
        build(&mut writer)?;
        let (digest, size) = writer.finish()?;
        file.persist(self.layer_path(&digest)).map_err(|error| error.error)?;
        Ok((digest, size))
    }

    /// What was recorded under `name`, if all its layers are still there.
    pub(crate) fn find(&self, name: &str) -> Option<Image> {
        let image: Image = serde_json::from_slice(&fs::read(self.record_path(name)).ok()?).ok()?;
        image.layers.iter().all(|(digest, _)| self.layer_path(digest).exists()).then_some(image)
    }

    /// Records an image under `name`.
    pub(crate) fn keep(&self, name: &str, image: &Image) -> io::Result<()> {
        let mut file = self.scratch()?;
        file.write_all(&serde_json::to_vec_pretty(image)?)?;
        file.persist(self.record_path(name)).map(drop).map_err(|error| error.error)
    }

    /// Writes an archive that `docker load`, `ctr images import` and `kind load image-archive` read. Each layer goes in once.
    pub(crate) fn archive(&self, images: &[Image], to: File) -> io::Result<()> {
        let mut tar = LayerWriter::new(to);
        let (mut manifest, mut written) = (Vec::new(), BTreeSet::new());
        for image in images {
            let config = format!("{}.json", image.id().0);
            let layers: Vec<String> = image.layers.iter().map(|(digest, _)| format!("{}.tar", digest.0)).collect();
            for ((digest, _), name) in image.layers.iter().zip(&layers) {
                if written.insert(digest.clone()) {
                    tar.copy(name, 0o644, super::layer::ROOT, &self.layer_path(digest))?;
                }
            }
            if written.insert(image.id()) {
                tar.file(&config, 0o644, super::layer::ROOT, image.config.as_bytes())?;
            }
            manifest.push(json!({ "Config": config, "RepoTags": [image.reference], "Layers": layers }));
        }
        tar.file("manifest.json", 0o644, super::layer::ROOT, &serde_json::to_vec(&manifest)?)?;
        tar.finish().map(drop)
    }

    /// Removes layers that no record names.
    pub(crate) fn prune(&self) -> io::Result<()> {
        let mut used = BTreeSet::new();
        for path in files(&self.dir)?.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "json")) {
            if let Ok(image) = serde_json::from_slice::<Image>(&fs::read(path)?) {
                used.extend(image.layers.into_iter().map(|(digest, _)| self.layer_path(&digest)));
            }
        }
        for path in files(&self.dir.join("layers"))? {
            let age = path.metadata()?.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
            if !used.contains(&path) && age.is_some_and(|age| age > KEEP_UNUSED) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn layer_path(&self, digest: &Digest) -> PathBuf {
        self.dir.join("layers").join(format!("{}.tar", digest.0))
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .filter(|path| path.as_ref().map_or(true, |path| path.is_file()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::layer::ROOT;
    use super::*;

    fn settings() -> Settings {
        Settings { user: "1:1".into(), entrypoint: vec!["/a".into()], env: vec![], stop_signal: "SIGTERM".into() }
    }

    #[test]
    fn a_shared_layer_is_in_the_archive_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_path_buf()).unwrap();
        let base = store.layer(|layer| layer.file("base", 0o644, ROOT, b"base")).unwrap();
        let top = store.layer(|layer| layer.file("top", 0o644, ROOT, b"top")).unwrap();
        let small = Image::new("x/small:dev".into(), &settings(), vec![base.clone()], "1".into());
        let large = Image::new("x/large:dev".into(), &settings(), vec![base, top], "2".into());
        store.keep("large", &large).unwrap();
        assert_eq!(store.find("large"), Some(large.clone()));

        let file = tempfile::NamedTempFile::new().unwrap();
        store.archive(&[small, large], file.reopen().unwrap()).unwrap();
        let mut archive = tar::Archive::new(file.reopen().unwrap());
        let names: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names.iter().filter(|name| name.ends_with(".tar")).count(), 2, "{names:?}");
        assert_eq!(names.iter().filter(|name| name.ends_with(".json")).count(), 3, "{names:?}");
    }

    #[test]
    fn a_record_without_its_layer_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_path_buf()).unwrap();
        let image = Image::new("x:dev".into(), &settings(), vec![(Digest("00".into()), 1)], "1".into());
        store.keep("x", &image).unwrap();
        assert_eq!(store.find("x"), None);
    }
}
