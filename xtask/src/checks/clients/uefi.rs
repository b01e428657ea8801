//! `examples/uefi`: a UEFI application that loads a module from the volume it was booted from, in QEMU.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::{boot, must};
use crate::arch::Arch;
use crate::checks::{Context, Tally};
use crate::setup::{Need, Tools, root};
use crate::toolchain::{System, Wanted, build};

/// The machines that it is for.
pub(in crate::checks) const ARCHS: [Arch; 2] = [Arch::Aarch64, Arch::X86_64];

/// What it says of the module, in this order.
const SAYS: [&str; 4] =
    ["the module is ready", "the module runs", "the module goes", "module.o returned 42"];

/// Builds it, and boots it on each machine: with its module, and with one that is refused.
pub(super) fn run(context: &Context, tally: &mut Tally) -> Result<()> {
    let tools = &context.tools;
    tools.ensure(&ARCHS.map(Need::Firmware))?;
    let wanted =
        Wanted { package: "uefi-example", profile: "release", system: System::Uefi, args: &[] };
    let built = build(tools, &ARCHS, &wanted)?;
    for arch in ARCHS {
        let application = built.get(&arch).and_then(|built| built.executable.as_ref());
        let application = application.with_context(|| format!("cargo built nothing for {arch}"))?;
        let source = std::fs::read_to_string(root().join("examples/uefi/modules/module.c"))?;
        tally.count(
            format!("a UEFI application on {arch}"),
            boot_with(tools, arch, application, &source).and_then(|said| runs(arch, &said)),
        );
        let lost = "extern int nowhere(void); int run(void) { return nowhere(); }";
        let refused = boot_with(tools, arch, application, lost);
        let why = "`nowhere` is undefined; export it";
        tally.count(
            format!("a module that UEFI refuses on {arch}"),
            refused.and_then(|said| fails(&said, why)),
        );
    }
    Ok(())
}

/// How it ended, and what it printed.
type Said = (Option<i32>, String);

fn runs(arch: Arch, (code, printed): &Said) -> Result<()> {
    let success = if arch == Arch::X86_64 { 33 } else { 0 };
    ensure!(*code == Some(success), "it ended with {code:?}:\n{printed}");
    let mut rest = printed.as_str();
    for says in SAYS {
        let found = rest.split_once(says);
        rest = found.with_context(|| format!("`{says}` is missing in\n{printed}"))?.1;
    }
    Ok(())
}

fn fails((code, printed): &Said, why: &str) -> Result<()> {
    ensure!(*code == Some(1), "it ended with {code:?}:\n{printed}");
    ensure!(printed.contains(why), "`{why}` is missing in\n{printed}");
    Ok(())
}

/// Boots it from a volume that has it and a module.
fn boot_with(tools: &Tools, arch: Arch, application: &Path, source: &str) -> Result<Said> {
    let folder = tempfile::tempdir()?;
    let volume = folder.path().join("volume");
    let boots = volume.join("EFI/BOOT");
    std::fs::create_dir_all(&boots)?;
    let name = if arch == Arch::X86_64 { "BOOTX64.EFI" } else { "BOOTAA64.EFI" };
    std::fs::copy(application, boots.join(name))?;
    let file = folder.path().join("module.c");
    std::fs::write(&file, source)?;
    let mut command = arch.clang(&tools.clang()?);
    command.args(["-O2", "-ffreestanding", "-fpic"]);
    if arch == Arch::X86_64 {
        command.arg("-mno-red-zone"); // the firmware handles interrupts on the same stack
    }
    must(command.arg("-c").arg(&file).arg("-o").arg(volume.join("module.o")))?;
    boot(&mut machine(tools, arch, &volume)?)
}

fn machine(tools: &Tools, arch: Arch, volume: &Path) -> Result<Command> {
    let mut qemu = Command::new(tools.qemu(arch)?);
    qemu.args(match arch {
        Arch::X86_64 => {
            ["-machine", "q35", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-cpu", "max"]
        }
        _ => {
            let semihosting = "enable=on,target=native";
            ["-machine", "virt", "-semihosting-config", semihosting, "-cpu", "cortex-a53"]
        }
    });
    qemu.args(["-nodefaults", "-no-user-config", "-no-reboot", "-m", "512M", "-display", "none"]);
    qemu.args(["-monitor", "none", "-serial", "stdio", "-device", "virtio-blk-pci,drive=boot"]);
    let volume = volume.to_string_lossy().replace(',', ",,");
    qemu.arg("-drive").arg(format!("if=none,id=boot,format=raw,file=fat:rw:{volume}"));
    qemu.arg("-bios").arg(tools.firmware(arch)?);
    Ok(qemu)
}
