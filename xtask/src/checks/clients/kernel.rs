//! `examples/c-kernel`: a kernel in C that is linked with the library, by two compilers, in QEMU.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::{boot, files, library, must};
use crate::arch::Arch;
use crate::checks::{Context, Tally, bare};
use crate::setup::{Tools, root};

const ARCH: Arch = Arch::Riscv64;

/// What both compile with.
const FLAGS: &[&str] =
    &["-O2", "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-ffreestanding", "-fno-pic"];
const KERNEL: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Werror"];
const LINK: &[&str] = &["-static", "-nostdlib", "-Wl,--gc-sections", "-Wl,--build-id=none"];

/// All that it prints.
const OUTPUT: &str = "\
blink.o is loaded, in 3 pages
  blink: hello
  blink: red
  blink: green
  blink: blue
blink() is 42
  blink: goodbye
blink.o is unloaded, 0 pages are used
lost.o: section ";
const REFUSED: &str = ": `nowhere` is undefined; export it, or load what defines it as well\n";

/// Builds and boots it.
pub(super) fn run(context: &Context, tally: &mut Tally) -> Result<()> {
    let tools = &context.tools;
    let library = library::bare(tools, &[ARCH])?.remove(&ARCH).context("no library")?;
    let folder = tempfile::tempdir()?;
    let gcc = || Ok(Command::new(tools.gcc(ARCH)?));
    let built = build(&gcc, &library, folder.path(), &["-no-pie"]);
    tally.count("a kernel in C, by gcc", built.and_then(|kernel| check(tools, &kernel)));
    let clang = || {
        let mut command = Command::new(tools.clang()?);
        command.arg(format!("--target={}", ARCH.clang_target()));
        Ok(command)
    };
    let lld = format!("--ld-path={}", tools.lld()?.display());
    let built = build(&clang, &library, folder.path(), &[&lld]);
    tally.count("a kernel in C, by clang", built.and_then(|kernel| check(tools, &kernel)));
    Ok(())
}

/// Compiles the modules, and the kernel with them in it.
fn build(
    compiler: &dyn Fn() -> Result<Command>,
    library: &Path,
    to: &Path,
    link: &[&str],
) -> Result<PathBuf> {
    let folder = root().join("examples/c-kernel");
    for module in files(&folder.join("modules"), "c")? {
        let name = module.file_stem().unwrap_or_default();
        let object = to.join(name).with_added_extension("o");
        must(compiler()?.args(FLAGS).arg("-c").arg(&module).arg("-o").arg(object))?;
    }
    let kernel = to.join("kernel");
    let mut command = compiler()?;
    command.args(FLAGS).args(KERNEL).args(LINK).args(link);
    command.arg("-I").arg(root().join("loader-capi/include"));
    command.arg(format!("-Wa,-I{}", to.display())); // where modules.S finds them
    command.args(files(&folder, "c")?).args(files(&folder, "S")?);
    command.arg("-T").arg(folder.join("kernel.ld")).arg(library).arg("-o").arg(&kernel);
    must(&mut command)?;
    Ok(kernel)
}

/// Boots it, and reads what it prints.
fn check(tools: &Tools, kernel: &Path) -> Result<()> {
    bare::without_panic(&std::fs::read(kernel)?)?;
    let mut qemu = Command::new(tools.qemu(ARCH)?);
    qemu.args(["-machine", "virt", "-nodefaults", "-no-user-config", "-no-reboot"]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-bios", "none"]);
    let (code, printed) = boot(qemu.arg("-kernel").arg(kernel))?;
    ensure!(code == Some(0), "it ended with {code:?}:\n{printed}");
    let sized = printed.strip_prefix("blink.o takes ").and_then(|rest| rest.split_once(" bytes\n"));
    let rest = sized.filter(|(size, _)| size.parse::<u64>().is_ok()).map(|(_, rest)| rest);
    let as_expected = rest.is_some_and(|rest| rest.starts_with(OUTPUT) && rest.ends_with(REFUSED));
    ensure!(as_expected, "it printed\n{printed}");
    Ok(())
}
