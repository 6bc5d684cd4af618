//! The PostgreSQL image: a root file system of Debian packages and our entrypoint on top. In: this machine's apt sources and the files in
//! `images/postgres/`. Out: two layers; the large one is made again only when its recipe changes, because its packages are not ours.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::layer::{Digest, LayerWriter, Owner, ROOT};
use super::mirror;
use super::store::{Image, Settings, Store};
use super::{Error, Options};
use crate::command::Cmd;
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, bytes};

/// Debian release whose packages are in the image.
const SUITE: &str = "trixie";
/// Major version of PostgreSQL; `images/postgres/` and the operator's admission know the same number.
const MAJOR: &str = "17";
/// User and group `postgres` in the image; `images/postgres/setup` makes them.
const POSTGRES: Owner = Owner(999, 999);
/// Raise it when the way the layer is made changes without a change in the files it is made from.
const RECIPE: &str = "1";
/// Downloading and unpacking about 60 packages, on a slow line and a busy machine.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Settings of the image `postgres`.
pub(crate) fn settings() -> Settings {
    Settings {
        user: format!("{}:{}", POSTGRES.0, POSTGRES.1),
        entrypoint: vec!["/usr/local/bin/rerp-postgres".to_owned()],
        env: environment(),
        // SIGTERM would wait for every client to leave by itself; SIGINT closes their connections and stops cleanly.
        stop_signal: "SIGINT".to_owned(),
    }
}

/// The server's own programs come first: Debian's wrappers of the same names want a cluster of Debian's making.
pub(crate) fn environment() -> Vec<String> {
    vec![
        format!("PATH=/usr/lib/postgresql/{MAJOR}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
        "PGDATA=/var/lib/rerp/postgres/pgdata".to_owned(),
        "LC_ALL=C.UTF-8".to_owned(),
    ]
}

/// Builds what is out of date and returns the image.
pub(crate) fn build(paths: &Paths, store: &Store, options: &Options) -> Result<Image, Error> {
    let files = paths.root.join("images/postgres");
    let base = base(&files, store, options)?;
    let scripts = [read(&files.join("rerp-postgres"))?, read(&files.join("rerp-postgres-alive"))?];
    let inputs = format!("{} {}", base.0.0, Digest::of(scripts.join("\0").as_bytes()).0);
    if let Some(image) = store.find("postgres").filter(|image| image.inputs == inputs && !options.refresh) {
        return Ok(image);
    }
    let top = store.layer(|layer| {
        for (name, script) in ["rerp-postgres", "rerp-postgres-alive"].iter().zip(&scripts) {
            layer.file(&format!("usr/local/bin/{name}"), 0o755, ROOT, script.as_bytes())?;
        }
        for (path, owner) in [
            ("etc/rerp/admin", ROOT),
            ("etc/rerp/postgres", ROOT),
            ("etc/rerp/tls", ROOT),
            ("var/lib/rerp/postgres", POSTGRES),
            ("run/postgresql", POSTGRES),
        ] {
            layer.dir(path, 0o755, owner)?;
        }
        Ok(())
    })?;
    let image = Image::new(super::reference("postgres"), &settings(), vec![base, top], inputs);
    store.keep("postgres", &image)?;
    Ok(image)
}

/// The layer of Debian packages.
fn base(files: &Path, store: &Store, options: &Options) -> Result<(Digest, u64), Error> {
    let remove = read(&files.join("remove.txt"))?;
    let recipe = [RECIPE, SUITE, MAJOR, &remove, &read(&files.join("setup"))?].join("\0");
    let inputs = Digest::of(recipe.as_bytes()).0;
    if let Some(image) = store.find("postgres-base").filter(|image| image.inputs == inputs && !options.refresh)
        && let Some(layer) = image.layers.first()
    {
        return Ok(layer.clone());
    }
    install::for_images()?;
    let step = Step::begin(format!(
        "PostgreSQL {MAJOR} image: root file system of Debian {SUITE} packages (about a minute, once)"
    ));
    let whole = store.scratch()?;
    bootstrap(&files.join("setup"), whole.path())?;
    let patterns: Vec<&str> = remove.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let layer = store.layer(|layer| from_root(layer, whole.reopen()?, &patterns))?;
    step.done(format!("{} of {} kept", bytes(layer.1), bytes(whole.path().metadata()?.len())));
    store.keep("postgres-base", &Image::new("base".to_owned(), &settings(), vec![layer.clone()], inputs))?;
    Ok(layer)
}

fn from_root(layer: &mut LayerWriter, whole: File, patterns: &[&str]) -> io::Result<()> {
    layer.take(whole, |path| !patterns.iter().any(|pattern| covers(pattern, path)))
}

fn bootstrap(setup: &Path, to: &Path) -> Result<(), Error> {
    let sources = mirror::lines(Path::new("/etc/apt"), SUITE);
    if sources.is_empty() {
        return Err(Error::NoMirror);
    }
    // The tool reads none of the machine's apt settings, and a proxy or a snapshot mirror does not work without them.
    let settings = Cmd::new("apt-config").arg("dump").quiet()?;
    let ours = |line: &&str| {
        ["Acquire::http", "Acquire::Check-", "Acquire::Retries"].iter().any(|prefix| line.starts_with(prefix))
    };
    Cmd::new("mmdebstrap")
        .args(["--variant=essential", "--format=tar"])
        .arg(format!("--include=postgresql-{MAJOR}"))
        .arg(format!("--essential-hook={}", setup.display()))
        .args(settings.lines().filter(ours).map(|line| format!("--aptopt={line}")))
        .args([SUITE.as_ref(), to.as_os_str()])
        .args(sources)
        // Not the caller's folder: its packages' scripts look for their working folder inside the new root.
        .dir("/")
        .limit(LIMIT)
        .quiet()?;
    Ok(())
}

/// Whether a pattern of `remove.txt` covers a path: folder by folder, `*` for any run of characters inside one name; what lies below a
/// covered folder is covered too. This is what `rm -rf PATTERN` at the root does.
fn covers(pattern: &str, path: &str) -> bool {
    let mut names = path.split('/');
    pattern.split('/').all(|want| names.next().is_some_and(|name| like(want, name)))
}

fn like(want: &str, name: &str) -> bool {
    match want.split_once('*') {
        None => want == name,
        Some((before, after)) => name
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| like(after, rest)))),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns_cover_what_rm_would() {
        assert!(covers("usr/share/doc/*", "usr/share/doc/libc6/copyright"));
        assert!(!covers("usr/share/doc/*", "usr/share/doc"));
        assert!(covers("usr/lib/*/libLLVM*", "usr/lib/x86_64-linux-gnu/libLLVM.so.19.1"));
        assert!(!covers("usr/lib/*/libLLVM*", "usr/lib/x86_64-linux-gnu/libpq.so.5"));
        assert!(covers("etc/apt", "etc/apt/sources.list"));
        assert!(!covers("etc/apt", "etc/apt-other"));
    }
}
