//! Writes the operator's roles. In: the folder to write into. Out: one file per role, and a line for each.
//! Called by `cargo xtask generate`, which also takes away files of roles that are no more.

use rerp_operator::rbac::{ROLES, render};
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    for role in &ROLES {
        fs::write(folder.join(role.file), render(role))?;
        println!("{}: {} rules", role.file, role.rules.len());
    }
    Ok(())
}
