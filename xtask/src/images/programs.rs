//! The images of our own programs. In: the workspace. Out: one image per program, its single file made by one cargo build. Must not copy
//! anything of this machine into an image but the certificate authorities of its distribution.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::layer::{Digest, LayerWriter, Owner, ROOT};
use super::store::{Image, Settings, Store};
use super::{Error, Options, postgres};
use crate::command::Cmd;
use crate::executables;
use crate::paths::Paths;
use crate::progress::{Step, bytes};

/// Nobody's user in our images, as elsewhere in the field.
const NONROOT: Owner = Owner(65532, 65532);
/// Where TLS clients look first.
const BUNDLE: &str = "etc/ssl/certs/ca-certificates.crt";

/// A program that gets an image.
struct Program {
    /// Cargo package and name of its binary.
    package: &'static str,
    /// Image name; the file in the image has it too.
    image: &'static str,
    /// Whether it needs PostgreSQL's client programs beside it.
    on_postgres: bool,
}

const PROGRAMS: [Program; 10] = [
    Program { package: "rerp-operator", image: "operator", on_postgres: false },
    Program { package: "rerp-identity", image: "identity", on_postgres: false },
    Program { package: "rerp-account", image: "account", on_postgres: false },
    Program { package: "rerp-marketing", image: "marketing", on_postgres: false },
    Program { package: "rerp-billing", image: "billing", on_postgres: false },
    Program { package: "rerp-fte", image: "fte", on_postgres: false },
    Program { package: "rerp-sandbox", image: "sandbox", on_postgres: false },
    Program { package: "rerp-gateway", image: "gateway", on_postgres: false },
    Program { package: "rerp-traffic", image: "traffic", on_postgres: false },
    Program { package: "rerp-split", image: "split", on_postgres: true },
];

/// Programs by their packages.
pub(super) type Built = BTreeMap<String, PathBuf>;

/// Makes the images of programs that were built; those whose program did not change are taken from the store.
pub(super) fn build(built: &Built, store: &Store, options: &Options, postgres: &Image) -> Result<Vec<Image>, Error> {
    let bundle = authorities()?;
    let mut images = Vec::new();
    for program in &PROGRAMS {
        let file = built.get(program.package).ok_or(Error::NoProgram(program.package))?;
        let base = if program.on_postgres { postgres.inputs.as_str() } else { "" };
        let inputs = format!("{} {} {base}", fingerprint(file)?, Digest::of(bundle.as_bytes()).0);
        let image = match store.find(program.image).filter(|image| image.inputs == inputs && !options.refresh) {
            Some(image) => image,
            None => pack(program, store, file, &bundle, postgres, inputs)?,
        };
        images.push(image);
    }
    Ok(images)
}

/// Builds the programs.
pub(super) fn compile(paths: &Paths, options: &Options) -> Result<Built, Error> {
    let step = Step::begin(format!("Building the programs (cargo, profile {})", options.profile));
    let built = executables::build(paths, &["--profile", &options.profile])?;
    step.done("built");
    Ok(built)
}

fn pack(
    program: &Program,
    store: &Store,
    file: &Path,
    bundle: &str,
    postgres: &Image,
    inputs: String,
) -> Result<Image, Error> {
    let step = Step::begin(format!("Image {}", program.image));
    let stripped = stripped(store, file)?;
    let place =
        if program.on_postgres { format!("usr/local/bin/{}", program.package) } else { program.image.to_owned() };
    let top = store.layer(|layer| fill(layer, &place, stripped.path(), bundle, program.on_postgres))?;
    let (user, env, below) = if program.on_postgres {
        (postgres::settings().user, postgres::environment(), postgres.layers.clone())
    } else {
        (nonroot(), vec!["PATH=/".to_owned()], Vec::new())
    };
    let settings = Settings { user, entrypoint: vec![format!("/{place}")], env, stop_signal: "SIGTERM".to_owned() };
    let layers = below.into_iter().chain([top]).collect();
    let image = Image::new(super::reference(program.image), &settings, layers, inputs);
    store.keep(program.image, &image)?;
    step.done(bytes(image.size()));
    Ok(image)
}

/// A program without what only a debugger reads.
pub(super) fn stripped(store: &Store, file: &Path) -> Result<tempfile::NamedTempFile, Error> {
    let stripped = store.scratch()?;
    Cmd::new("strip").arg("-o").args([stripped.path(), file]).quiet()?;
    Ok(stripped)
}

/// The user of the images.
pub(super) fn nonroot() -> String {
    format!("{}:{}", NONROOT.0, NONROOT.1)
}

fn fill(layer: &mut LayerWriter, place: &str, program: &Path, bundle: &str, on_postgres: bool) -> io::Result<()> {
    if !on_postgres {
        for dir in ["etc", "etc/ssl", "etc/ssl/certs"] {
            layer.dir(dir, 0o755, ROOT)?;
        }
        layer.dir("tmp", 0o1777, ROOT)?;
        layer.file("etc/passwd", 0o644, ROOT, b"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")?;
        layer.file("etc/group", 0o644, ROOT, b"nonroot:x:65532:\n")?;
    }
    layer.file(BUNDLE, 0o644, ROOT, bundle.as_bytes())?;
    layer.copy(place, 0o755, ROOT, program)
}

/// Length and time of a program: cargo touches it only when it was linked anew.
pub(super) fn fingerprint(file: &Path) -> Result<String, Error> {
    let read = |source| Error::Read { path: file.to_path_buf(), source };
    let meta = file.metadata().map_err(read)?;
    let time = meta.modified().map_err(read)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}-{}", file.display(), meta.len(), time.as_nanos()))
}

/// The authorities the distribution ships, without those an administrator added to this machine: they are nobody else's business.
fn authorities() -> Result<String, Error> {
    let shipped = Path::new("/usr/share/ca-certificates/mozilla");
    let mut files: Vec<PathBuf> = fs::read_dir(shipped)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "crt"))
        .collect();
    files.sort();
    if files.is_empty() {
        // Other distributions keep one file and no parts.
        files.push(Path::new("/").join(BUNDLE));
    }
    let mut bundle = String::new();
    for path in files {
        bundle.push_str(&fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?);
    }
    Ok(bundle)
}
