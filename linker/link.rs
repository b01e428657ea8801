//! For build scripts: links with the linker script of the machine that is built for.

use std::path::Path;

/// `folder` is where the linker scripts are.
pub fn link(folder: &Path) {
    let target = std::env::var("TARGET").unwrap_or_default();
    let script = match target.split('-').next() {
        Some("aarch64") => "aarch64.ld",
        Some("riscv64gc") => "riscv64.ld",
        _ => "x86_64.ld",
    };
    let script = folder.join(script);
    println!("cargo:rustc-link-arg-bins=-T{}", script.display());
    println!("cargo:rustc-link-arg-bins=--eh-frame-hdr");
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:rerun-if-changed={}", folder.join("link.rs").display());
    println!("cargo:rerun-if-changed=build.rs");
}
