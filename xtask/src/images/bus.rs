//! The image of the event bus: one static program, built from the Go module `bus/`. In: the module. Out: one image, made again only when the
//! module or the compiler changes.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::layer::{LayerWriter, ROOT};
use super::programs::nonroot;
use super::store::{Image, Settings, Store};
use super::{Error, Options};
use crate::install;
use crate::modules;
use crate::paths::Paths;
use crate::progress::{Step, bytes};

/// Name of the image, and of the file in it.
const NAME: &str = "bus";
/// Cold, on two busy cores; ten times what was measured.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds the image unless it is there.
pub(super) fn build(paths: &Paths, store: &Store, options: &Options) -> Result<Image, Error> {
    let source = paths.root.join("bus");
    let version = install::go()?.arg("version").dir(&source).quiet()?;
    let read = |error| Error::Read { path: source.clone(), source: error };
    let inputs = modules::fingerprint(&modules::inputs(&source).map_err(read)?, &version).0;
    if let Some(image) = store.find(NAME).filter(|image| image.inputs == inputs && !options.refresh) {
        return Ok(image);
    }
    let step = Step::begin("Image bus (compiles NATS: a minute the first time)");
    let scratch = tempfile::tempdir_in(paths.cache_dir("bin")?)?;
    let program = scratch.path().join(NAME);
    install::go()?
        // No flag that `go vet` and `go test` lack but for the linker: what is compiled here serves them too.
        .args(["build", "-buildvcs=false", "-ldflags", "-s -w", "-o"])
        .arg(&program)
        .arg("./cmd/rerp-bus")
        .dir(&source)
        .limit(LIMIT)
        .quiet()?;
    let layer = store.layer(|layer| fill(layer, &program))?;
    let image = Image::new(super::reference(NAME), &settings(), vec![layer], inputs);
    store.keep(NAME, &image)?;
    step.done(bytes(image.size()));
    Ok(image)
}

fn settings() -> Settings {
    Settings {
        user: nonroot(),
        entrypoint: vec![format!("/{NAME}")],
        env: vec!["PATH=/".to_owned()],
        stop_signal: "SIGTERM".to_owned(),
    }
}

/// It calls nobody outside, so there are no authorities in it.
fn fill(layer: &mut LayerWriter, program: &Path) -> io::Result<()> {
    layer.dir("etc", 0o755, ROOT)?;
    layer.dir("tmp", 0o1777, ROOT)?;
    layer.file("etc/passwd", 0o644, ROOT, b"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")?;
    layer.file("etc/group", 0o644, ROOT, b"nonroot:x:65532:\n")?;
    layer.copy(NAME, 0o755, ROOT, program)
}
