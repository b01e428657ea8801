//! Modules with debug information of every form that compilers write.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{LIMIT, Module};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cases::{Compiler, compile_object};
use crate::parallel;
use crate::process;
use crate::setup::{Tools, root};

/// The compiler, its flags, and the sources of the module, in `qemu-tests/cases`.
type Way = (Program, &'static str, &'static [&'static str]);

#[derive(Clone, Copy, Debug)]
enum Program {
    Clang,
    Clangxx,
    Gcc,
    Gxx,
}

const SWITCH: &[&str] = &["data/jump_table.c"];
const CALLS: &[&str] = &["basics/calls.c"];
/// Two objects with functions, and types, in the same COMDAT groups.
const SHARED: &[&str] = &["cxx/shared_inline.cc", "cxx/shared_inline_other.cc"];
const THREAD_LOCALS: &[&str] = &["../../xtask/src/diff/corpus/tls.c"];

const WAYS: &[Way] = &[
    (Program::Gcc, "-O2 -gdwarf-4 -ffunction-sections", SWITCH),
    (Program::Gcc, "-O2 -gdwarf-5 -gz=zlib", SWITCH),
    // Macros, in groups of their own.
    (Program::Gcc, "-Og -g3 -gdwarf-5 -Wa,--compress-debug-sections=zstd", CALLS),
    (Program::Gcc, "-O0 -gdwarf-5", THREAD_LOCALS),
    (Program::Clang, "-O2 -gdwarf-5 -gz=zstd -gpubnames", SWITCH),
    (Program::Clang, "-O1 -gdwarf-4 -gz=zlib", CALLS),
    (Program::Gxx, "-std=c++17 -O0 -gdwarf-4 -fdebug-types-section", SHARED),
    (Program::Clangxx, "-std=c++17 -fno-rtti -O1 -gdwarf-5 -fdebug-types-section", SHARED),
    (Program::Clangxx, "-std=c++17 -fno-rtti -O1 -gdwarf-4", SHARED),
];

/// C and C++ by both compilers, and Rust.
pub(super) fn modules(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let numbered: Vec<_> = WAYS.iter().enumerate().collect();
    let compiled = parallel::map(&numbered, |(number, way)| {
        let folder = scratch.path().join(number.to_string());
        fs::create_dir(&folder).context("cannot make a temporary folder")?;
        compile(tools, arch, **way, &folder)
    });
    let mut modules = compiled.into_iter().collect::<Result<Vec<_>>>()?;
    for flags in ["-g -Copt-level=0 -Cdebug-assertions=off -Cdwarf-version=5", "-g -Copt-level=3"] {
        let source = root().join("qemu-tests/gdb/gauge.rs");
        let list: Vec<String> = flags.split(' ').map(str::to_owned).collect();
        let bytes = compile_object(tools, arch, &source, Compiler::Rustc, &list)?;
        let file = NamedBytes { name: "gauge.o".into(), bytes };
        modules.push(Module::new(arch, format!("gauge.rs [rustc {flags}]"), vec![file]));
    }
    Ok(modules)
}

fn compile(tools: &Tools, arch: Arch, way: Way, folder: &Path) -> Result<Module> {
    let (program, flags, sources) = way;
    let name = format!("{} [{program:?} {flags}]", sources.join(" and "));
    let mut files = Vec::new();
    for source in sources {
        let path = root().join("qemu-tests/cases").join(source);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let object = folder.join(format!("{stem}.o"));
        let mut command = match program {
            Program::Clang => arch.clang(&tools.clang()?),
            Program::Clangxx => arch.clang(&tools.clangxx()?),
            Program::Gcc => Command::new(tools.gcc(arch)?),
            Program::Gxx => Command::new(tools.gxx(arch)?),
        };
        command.args(flags.split(' ')).arg("-c").arg(&path).arg("-o").arg(&object);
        process::run(&mut command, LIMIT)?.checked(&name)?;
        let bytes = fs::read(&object).context("the compiler wrote no object")?;
        files.push(NamedBytes { name: format!("{stem}.o"), bytes });
    }
    Ok(Module::new(arch, name, files))
}
