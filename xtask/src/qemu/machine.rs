//! The QEMU machines: every command line in one place.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::arch::Arch;
use crate::qemu::JOB_SIZE;

/// What QEMU is told about one machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The board and the processor.
    pub options: &'static [&'static str],
    /// Where in physical memory the job goes: 256 MiB above the start of RAM.
    pub job_address: u64,
}

/// What all machines share. Devices that nothing asks for are left out: their ROMs come in
/// packages that a small installation of QEMU does not have.
const COMMON: &[&str] = &[
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    "-m",
    "512M",
    "-smp",
    "2",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "stdio",
];

/// Each instruction takes 2^0 ns of virtual time, and time passes in no other way but when nothing runs.
pub const COUNTING: &[&str] = &["-icount", "shift=0,sleep=off"];

/// The machine for `arch`.
pub const fn machine(arch: Arch) -> Machine {
    match arch {
        Arch::Aarch64 => Machine {
            options: &[
                "-machine",
                "virt,gic-version=2",
                "-cpu",
                "cortex-a53",
                "-semihosting-config",
                "enable=on,target=native",
            ],
            job_address: 0x5000_0000,
        },
        Arch::Riscv64 => Machine {
            options: &["-machine", "virt", "-cpu", "rv64", "-bios", "default"],
            job_address: 0x9000_0000,
        },
        Arch::X86_64 => Machine {
            options: &[
                "-machine",
                "q35",
                "-cpu",
                "max",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=0x04",
            ],
            job_address: 0x1000_0000,
        },
    }
}

/// The command that boots `image`, with the file `job` in memory where there is one.
/// With the path of a socket, QEMU waits there for GDB to say when to start.
pub fn command(
    qemu: &Path,
    arch: Arch,
    image: &Path,
    job: Option<&Path>,
    gdb: Option<&Path>,
) -> Command {
    let machine = machine(arch);
    let mut command = Command::new(qemu);
    command.args(machine.options).args(COMMON).arg("-kernel").arg(image);
    if let Some(job) = job {
        // A comma ends an option's value, and is doubled to be part of it.
        let file = job.to_string_lossy().replace(',', ",,");
        let address = machine.job_address;
        command.arg("-device");
        command.arg(format!("loader,file={file},addr={address:#x},force-raw=on"));
    }
    if let Some(socket) = gdb {
        let socket = socket.to_string_lossy().replace(',', ",,");
        command.args(["-S", "-gdb", &format!("unix:{socket},server=on,wait=off")]);
        command.process_group(0); // a terminal's Ctrl-C is for GDB
    }
    command
}

/// Whether `job` fits into the window that the linker scripts reserve.
pub fn fits(job: &[u8]) -> bool {
    job.len() <= JOB_SIZE
}
