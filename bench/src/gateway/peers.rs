//! Who is measured: our gateway, and others with what they have of its features. In: a program and the scene. Out: a contender that runs, on
//! the measured core. Their configuration is in `bench/peers`; here it is filled in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use super::people::{AUDIENCE, ISSUER, People};
use crate::cores::{Cores, on_measured};
use crate::process::{Process, ProcessError, free_address};

const NGINX: &str = include_str!("../../peers/nginx.conf");
const ENVOY: &str = include_str!("../../peers/envoy.yaml");
/// Services that our gateway wants to know of; one back-end is all of them.
const SERVICES: [&str; 5] = ["IDENTITY", "ACCOUNT", "MARKETING", "BILLING", "FTE"];

/// What is the same for everybody.
pub(super) struct Scene<'a> {
    /// For configurations and what programs say.
    pub(super) dir: &'a Path,
    /// None: nothing is pinned.
    pub(super) cores: Option<&'a Cores>,
    /// Who answers in the end.
    pub(super) backend: SocketAddr,
    /// Whose tokens are good.
    pub(super) people: &'a People,
}

/// Somebody who is measured.
pub(super) struct Contender {
    /// As the report has it.
    pub(super) name: &'static str,
    /// Where it listens.
    pub(super) at: SocketAddr,
    /// None: the back-end itself.
    pub(super) process: Option<Process>,
    /// Whether it looks at tokens. Everybody but the back-end counts.
    pub(super) checks_tokens: bool,
}

/// Why somebody doesn't take part who should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("the configuration {path} can't be written")]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// The back-end, asked without anybody in between.
pub(super) fn direct(scene: &Scene<'_>) -> Contender {
    Contender { name: "direct", at: scene.backend, process: None, checks_tokens: false }
}

/// Our gateway, as it is deployed, but for certificates: nobody here has any.
pub(super) fn ours(scene: &Scene<'_>, program: &Path) -> Result<Contender, PeerError> {
    let (at, admin) = (free_address()?, free_address()?);
    let mut command = bare(scene, program);
    command.arg("serve").env("TOKIO_WORKER_THREADS", "1");
    command.env("RERP_HTTP_ADDR", at.to_string()).env("RERP_ADMIN_ADDR", admin.to_string());
    for service in SERVICES {
        command.env(format!("RERP_{service}_URL"), format!("http://{}", scene.backend));
    }
    command.env("RERP_TOKEN_KEYS_ADDRESS", format!("http://{}/keys", scene.backend));
    command.env("RERP_TOKEN_ISSUER", ISSUER).env("RERP_PERSON_AUDIENCE", AUDIENCE).env("RERP_STAFF_AUDIENCE", "staff");
    command.env("RERP_TRUSTED_HOPS", "127.0.0.0/8").env("RERP_DRAIN_DELAY", "0s");
    begin(scene, "rerp", command, at, true)
}

/// nginx; `tokens`: with the module that checks them.
pub(super) fn nginx(
    scene: &Scene<'_>,
    program: &Path,
    name: &'static str,
    tokens: bool,
) -> Result<Contender, PeerError> {
    let (at, dir) = (free_address()?, scene.dir.join(name));
    let shown = dir.display().to_string();
    // As root it would become somebody who may not write here.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    write(&dir.join("keys.json"), &scene.people.keys)?;
    let checks = format!("auth_jwt bench; auth_jwt_key_file {shown}/keys.json jwks;");
    let text = fill(
        NGINX,
        &[
            ("DIR", shown.as_str()),
            ("USER", user),
            ("BACKEND", scene.backend.to_string().as_str()),
            ("LISTEN", at.to_string().as_str()),
            ("TOKENS", if tokens { checks.as_str() } else { "" }),
        ],
    );
    let path = dir.join("nginx.conf");
    write(&path, &text)?;
    let mut command = bare(scene, program);
    command.arg("-p").arg(&dir).arg("-c").arg(&path);
    begin(scene, name, command, at, tokens)
}

/// Envoy; `remembers`: tokens that were good are remembered, as our gateway does.
pub(super) fn envoy(
    scene: &Scene<'_>,
    program: &Path,
    name: &'static str,
    remembers: bool,
) -> Result<Contender, PeerError> {
    let at = free_address()?;
    let cache = if remembers { "jwt_cache_config: {jwt_cache_size: 20000}" } else { "" };
    let text = fill(
        ENVOY,
        &[
            ("PORT", at.port().to_string().as_str()),
            ("BACKEND_PORT", scene.backend.port().to_string().as_str()),
            ("ISSUER", ISSUER),
            ("AUDIENCE", AUDIENCE),
            ("KEYS", scene.people.keys.as_str()),
            ("CACHE", cache),
        ],
    );
    let path = scene.dir.join(name).join("envoy.yaml");
    write(&path, &text)?;
    let mut command = bare(scene, program);
    command
        .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"])
        .arg("--config-path")
        .arg(path);
    begin(scene, name, command, at, true)
}

/// A command that knows nothing of this shell's settings but where programs are.
fn bare(scene: &Scene<'_>, program: &Path) -> Command {
    let mut command = on_measured(scene.cores, program);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command
}

fn begin(
    scene: &Scene<'_>,
    name: &'static str,
    command: Command,
    at: SocketAddr,
    checks_tokens: bool,
) -> Result<Contender, PeerError> {
    let mut process = Process::start(name, command, scene.dir)?;
    process.wait_for(at)?;
    Ok(Contender { name, at, process: Some(process), checks_tokens })
}

fn write(path: &Path, text: &str) -> Result<(), PeerError> {
    let make = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, text)
    };
    make().map_err(|source| PeerError::Write { path: path.to_path_buf(), source })
}

/// Fills in `@NAME@`.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that are still to be filled in.
    fn left(text: &str) -> Vec<&str> {
        let is_name = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        text.split('@').filter(is_name).collect()
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let nginx = ["DIR", "USER", "BACKEND", "LISTEN", "TOKENS"].map(|name| (name, "x"));
        let envoy = ["PORT", "BACKEND_PORT", "ISSUER", "AUDIENCE", "KEYS", "CACHE"].map(|name| (name, "x"));
        for (template, values) in [(NGINX, nginx.as_slice()), (ENVOY, envoy.as_slice())] {
            assert!(left(template).len() >= values.len(), "every name is asked for");
            assert_eq!(left(&fill(template, values)), Vec::<&str>::new());
        }
        assert_eq!(left("a @B@ c @D_E@"), ["B", "D_E"]);
    }

    /// What is compared has the same limits: those of our gateway's class of routes.
    #[test]
    fn everybody_counts_as_our_gateway_does() {
        for limit in ["rate=3000r/m", "burst=3000", "rate=600r/m", "burst=600"] {
            assert!(NGINX.contains(limit), "{limit}");
        }
        for limit in ["max_tokens: 3000, tokens_per_fill: 50", "max_tokens: 600, tokens_per_fill: 10"] {
            assert!(ENVOY.contains(limit), "{limit}");
        }
        let rates = include_str!("../../../services/gateway/src/rates.rs");
        let (address, person) = rates.split_once("of_network").unwrap();
        assert!(address.contains("Self::Read => per_minute(3000)"), "the quota of an address has changed");
        assert!(
            person.contains("Self::Read | Self::Site | Self::Stray => per_minute(600)"),
            "the quota of a person has changed"
        );
    }
}
