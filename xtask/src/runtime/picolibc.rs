//! picolibc, compiled from the sources that the crate of that name carries.
//!
//! The crate's own build script is not used: it knows two of the three machines. This follows
//! picolibc's meson files: whole folders, less what belongs to a system with a linker script,
//! and a machine's own version of a function instead of the portable one of the same name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::archives::{self, Inputs, Made};
use super::compile::{self, Unit, machine_flags, system_headers, text};
use super::sources;
use crate::arch::Arch;
use crate::archive::Symbols;
use crate::setup::{Tools, root};

/// The folders whose sources are compiled.
const FOLDERS: [&str; 18] = [
    "libc/ctype",
    "libc/errno",
    "libc/locale",
    "libc/misc",
    "libc/posix",
    "libc/search",
    "libc/signal",
    "libc/ssp",
    "libc/stdio",
    "libc/stdlib",
    "libc/string",
    "libc/time",
    "libc/uchar",
    "libm/common",
    "libm/complex",
    "libm/fenv",
    "libm/ld",
    "libm/math",
];

/// Sources in them that are left out, by their path without the suffix.
const LEFT_OUT: &[&str] = &[
    // Walk lists by symbols that a linker script defines, or are there for thread-local
    // storage. The shim and the loader do what is left of their work.
    "libc/misc/dso_handle",
    "libc/misc/fini",
    "libc/misc/init",
    "libc/misc/inittls",
    "libc/misc/picosbrk",
    "libc/stdlib/atexit",
    "libc/stdlib/cxa-atexit",
    "libc/stdlib/exit",
    "libc/stdlib/exitprocs",
    "libc/stdlib/onexit",
    // The shim has its own: see there for why.
    "libc/stdio/dtoa_ryu",
    "libc/stdio/fflush",
    "libc/stdio/getdelim",
    "libc/stdio/ldtoa_engine",
    "libc/stdlib/abort",
    "libc/stdlib/aligned_alloc",
    "libc/stdlib/calloc",
    "libc/stdlib/free",
    "libc/stdlib/mallinfo",
    "libc/stdlib/malloc",
    "libc/stdlib/malloc-stats",
    "libc/stdlib/malloc-usable-size",
    "libc/stdlib/mallopt",
    "libc/stdlib/memalign",
    "libc/stdlib/posix-memalign",
    "libc/stdlib/realloc",
    // The other way to print and read floats, which is not exact.
    "libc/stdio/atod_engine",
    "libc/stdio/atof_engine",
    "libc/stdio/dtoa_engine",
    "libc/stdio/ftoa_engine",
    // Databases in files.
    "libc/search/hash",
    "libc/search/hash_bigkey",
    "libc/search/hash_buf",
    "libc/search/hash_log2",
    "libc/search/hash_page",
    "libc/search/ndbm",
    // libgcc has it.
    "libc/stdlib/eprintf",
    // Included by other sources, or not in picolibc's own build either.
    "libc/locale/posix_locale",
    "libc/posix/engine",
    "libc/stdio/conv_flt",
    "libc/stdio/ultoa_invert",
    "libc/stdio/vfprintf_char",
    "libc/stdio/vfprintf_float",
    "libc/stdio/vfprintf_int",
    "libc/stdio/vfprintf_n",
    "libc/stdio/vfprintf_str",
    "libm/math/s_gamma",
    "libm/math/sf_gamma",
];

/// Names of a machine's own sources that are left out: interrupts and thread-local storage are
/// the image's, `ieeefp` is an interface of before C99, and the assembly for 32 and 64 bits is
/// included by the file without the number.
const MACHINE_LEFT_OUT: [&str; 5] = ["ieeefp", "interrupt", "interrupt_vector", "tcb", "tls"];

/// Builds the archive, or finds it built.
///
/// # Errors
/// clang is missing, the sources cannot be fetched, or one does not compile.
pub fn build(tools: &Tools, arch: Arch) -> Result<Made> {
    let clang = tools.clang()?;
    let package = source_root()?;
    let mut flags = compile_flags(arch);
    flags.extend(header_flags(arch)?);
    for folder in ["libc/stdio", "libc/locale", "libm/common", ""] {
        flags.extend(["-I".into(), text(&package.join(folder))?]);
    }
    // Its sources are compiled as their authors compile them, whose warnings are theirs.
    flags.extend(["-D_LIBC".into(), "-w".into()]);
    let listed: Vec<String> =
        FOLDERS.iter().chain(LEFT_OUT).chain(&MACHINE_LEFT_OUT).map(ToString::to_string).collect();
    let inputs = Inputs::new().installed(&clang)?.words(&flags).words(&listed);
    let inputs = inputs.fixed(&package).contents(&configuration())?;
    archives::archive(arch, "libc.a", &inputs, || {
        let units = units(&package, arch)?;
        let message = format!("compiling the C library, {arch}");
        let mut objects = compile::compile(&clang, &flags, &units, message)?;
        // Some sources are empty for some machines.
        objects.retain(|object| !Symbols::of(&object.bytes).defined.is_empty());
        Ok(objects)
    })
}

/// The flags that choose the machine and how code of the runtime is compiled: optimised, for a
/// fixed address, each function in a section of its own, without thread-local storage.
pub(super) fn compile_flags(arch: Arch) -> Vec<String> {
    let common = [
        "-std=gnu18",
        "-O2",
        "-ffreestanding",
        "-fno-builtin", // or memset would be compiled to a call of memset
        "-fno-common",
        "-fno-pic",
        "-fno-stack-protector",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-addrsig",
        "-fno-ident",
        "-frounding-math",
        "-U_FORTIFY_SOURCE",
        "-D_FILE_OFFSET_BITS=64",
    ];
    let machine: &[&str] = match arch {
        Arch::Aarch64 => &[],
        Arch::Riscv64 => &["-mcmodel=medany"],
        // Exceptions may come on the program's own stack, below the stack pointer.
        Arch::X86_64 => &["-mno-red-zone"],
    };
    let mut flags = machine_flags(arch);
    flags.extend(common.iter().chain(machine).map(ToString::to_string));
    flags
}

/// The flags that make clang see picolibc's headers and nobody else's.
///
/// # Errors
/// The sources cannot be fetched.
pub fn header_flags(arch: Arch) -> Result<Vec<String>> {
    let mut flags = vec!["-nostdlibinc".to_owned()];
    flags.extend(headers(arch)?);
    Ok(flags)
}

/// The flags that make gcc see its own headers and picolibc's, and take the system for none that it
/// knows.
///
/// # Errors
/// gcc or its library is missing, or the sources cannot be fetched.
pub fn gcc_header_flags(tools: &Tools, arch: Arch) -> Result<Vec<String>> {
    // It has no `-nostdlibinc`: its own headers go as well, and stand beside its library.
    let mut flags = vec!["-nostdinc".to_owned()];
    flags.extend(system_headers(&tools.libgcc(arch)?.with_file_name("include"))?);
    flags.extend(headers(arch)?);
    let system = ["__gnu_linux__", "__linux", "__linux__", "__unix", "__unix__", "linux", "unix"];
    flags.extend(system.map(|name| format!("-U{name}")));
    Ok(flags)
}

/// Where picolibc's headers are, as flags.
fn headers(arch: Arch) -> Result<Vec<String>> {
    let package = source_root()?;
    let own = package.join("libc/machine").join(machine(arch));
    let folders = [configuration(), own, package.join("libc/include")];
    let flags: Vec<_> =
        folders.iter().map(|folder| system_headers(folder)).collect::<Result<_>>()?;
    Ok(flags.concat())
}

/// Whether a file is C or assembly.
pub(super) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "c" || extension == "S")
}

/// picolibc's name of the machine.
const fn machine(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "aarch64",
        Arch::Riscv64 => "riscv",
        Arch::X86_64 => "x86",
    }
}

/// Where `picolibc.h` is.
pub fn configuration() -> PathBuf {
    root().join("qemu-tests/runtime/include")
}

/// picolibc's own tree in the package.
///
/// # Errors
/// The sources cannot be fetched.
pub(super) fn source_root() -> Result<PathBuf> {
    Ok(sources::package("picolibc")?.join("third_party/picolibc"))
}

/// The sources that make the library for `arch`.
fn units(package: &Path, arch: Arch) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    let mut own = BTreeSet::new();
    for library in ["libc", "libm"] {
        let folder = format!("{library}/machine/{}", machine(arch));
        for (source, stem) in sources_in(package, &folder)? {
            if is_own(&folder, &stem) {
                own.insert(function(&stem).to_owned());
                units.push(unit(source, &folder));
            }
        }
    }
    let mut left_out = 0;
    for folder in FOLDERS {
        for (source, stem) in sources_in(package, folder)? {
            if LEFT_OUT.contains(&format!("{folder}/{stem}").as_str()) {
                left_out += 1;
            } else if !own.contains(&stem) {
                units.push(unit(source, folder));
            }
        }
    }
    ensure!(
        left_out == LEFT_OUT.len(),
        "picolibc's sources are not those that xtask/src/runtime/picolibc.rs was written for: \
         {} sources should be left out, {left_out} were found",
        LEFT_OUT.len(),
    );
    Ok(units)
}

/// Sources of a folder with their names without the suffix, in the order of the names.
fn sources_in(package: &Path, folder: &str) -> Result<Vec<(PathBuf, String)>> {
    let entries = archives::entries(&package.join(folder))?.into_iter();
    let sources = entries.filter(|path| is_source(path)).map(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (path, stem)
    });
    Ok(sources.collect())
}

/// Whether one of a machine's own sources is used.
fn is_own(folder: &str, stem: &str) -> bool {
    let included = stem.ends_with("-32") || stem.ends_with("-64");
    // Functions for the x87, which only the 32-bit machine uses.
    let x87 = folder == "libm/machine/x86" && stem.starts_with("f_");
    !included && !x87 && !MACHINE_LEFT_OUT.contains(&stem)
}

/// The function that a machine's own source is for: it may come as assembly (`memcpy-asm`), with
/// C beside it for machines that lack what the assembly uses (`memcpy-stub`).
fn function(stem: &str) -> &str {
    let plain = stem.strip_suffix("-stub").or_else(|| stem.strip_suffix("-asm"));
    plain.unwrap_or(stem)
}

/// A unit named after its path, since folders share file names; and so do C and assembly.
fn unit(source: PathBuf, folder: &str) -> Unit {
    let assembly = source.extension().is_some_and(|extension| extension == "S");
    let suffix = if assembly { "asm-" } else { "" };
    Unit::new(source, &format!("{}-{suffix}", folder.replace('/', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_its_own_sources() {
        assert!(is_own("libc/machine/x86", "setjmp"));
        assert!(!is_own("libc/machine/x86", "setjmp-64"));
        assert!(!is_own("libm/machine/x86", "f_pow"));
        assert!(!is_own("libc/machine/aarch64", "tls"));
        assert_eq!(function("memcpy-stub"), "memcpy");
        assert_eq!(function("memcpy-asm"), "memcpy");
        assert_eq!(function("strlen"), "strlen");
    }

    #[test]
    fn c_and_assembly_of_one_name_are_two_objects() {
        let folder = "libc/machine/x86";
        let c = unit("a/memchr.c".into(), folder);
        let assembly = unit("a/memchr.S".into(), folder);
        assert_eq!(c.name, "libc-machine-x86-memchr.o");
        assert_ne!(c.name, assembly.name);
    }
}
