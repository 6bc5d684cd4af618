//! Writes the CustomResourceDefinitions. In: the folder to write into. Out: one file per kind, and a line for each.
//!
//! Called by `cargo xtask generate`; the drift test fails until that has been run after a change of the types.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    for (file, crd) in rerp_crds::all() {
        let text = rerp_crds::yaml::file(&crd)?;
        fs::write(folder.join(file), &text)?;
        println!("{file}: {} bytes", text.len());
    }
    Ok(())
}
