//! Writes the operator's roles into `manifests/operator/rbac`. In: nothing. Out: one file per role, and a line for each.
//! Called by `cargo xtask generate`, which also takes away files of roles that are no more.

use rerp_operator::rbac::{ROLES, render};
use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/operator/rbac");
    fs::create_dir_all(&folder)?;
    for role in &ROLES {
        fs::write(folder.join(role.file), render(role))?;
        println!("manifests/operator/rbac/{}: {} rules", role.file, role.rules.len());
    }
    Ok(())
}
