//! Compiles every service's protocol. In: `services/<name>/proto`. Out: Rust in cargo's build folder; no `protoc` is needed.

use std::env;
use std::error::Error;
use std::path::PathBuf;

/// Services that others call, and their files.
const PROTOCOLS: [(&str, &[&str]); 3] = [
    (
        "identity",
        &[
            "rerp/identity/v1/confirmation.proto",
            "rerp/identity/v1/email.proto",
            "rerp/identity/v1/invitation.proto",
            "rerp/identity/v1/person.proto",
            "rerp/identity/v1/rights.proto",
        ],
    ),
    ("account", &["rerp/account/v1/company.proto", "rerp/account/v1/permission.proto"]),
    ("billing", &["rerp/billing/v1/entitlement.proto"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    // Asked when it runs: one build folder may serve several checkouts, and the compiled script with it.
    let services = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    for (service, files) in PROTOCOLS {
        let folder = services.join(service).join("proto");
        println!("cargo::rerun-if-changed={}", folder.display());
        // Together: one package is one file of Rust.
        let files: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
        let descriptors = protox::compile(files, [&folder])?;
        tonic_prost_build::configure().compile_fds(descriptors)?;
    }
    Ok(())
}
