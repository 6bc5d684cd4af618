//! Writes the CustomResourceDefinitions into `crds/yaml`. In: nothing. Out: one file per kind, and a line for each.
//!
//! Called by `cargo xtask generate`; the drift test fails until that has been run after a change of the types.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    fs::create_dir_all(&folder)?;
    for (file, crd) in rerp_crds::all() {
        let text = rerp_crds::yaml::file(&crd)?;
        fs::write(folder.join(file), &text)?;
        println!("crds/yaml/{file}: {} bytes", text.len());
    }
    Ok(())
}
