//! The crate `elf_loader`, its feature `object`: mapped into this process, for any machine that it
//! relocates objects of.

use std::ffi::CString;

use elf_loader::arch::{riscv64::RiscV64Arch, x86_64::X86_64Arch};
use elf_loader::image::{ModuleHandle, SyntheticModule, SyntheticSymbol};
use elf_loader::input::ElfBinary;
use elf_loader::memory::VmAddr;
use elf_loader::object::SectionGroups;
use elf_loader::observer::SectionLifetime;
use elf_loader::os::ProtFlags;
use elf_loader::relocation::{ObjectArch, RelocationArch};
use elf_loader::runtime::{CodeContext, CodeExecutor};
use elf_loader::tls::TlsIndex;
use elf_loader::{AddressSpaceId, Domain, Error, Loader, Relocator};
use object::{Architecture, Object, ObjectSymbol};

use crate::{Seconds, timed};

/// Loads an object, from its bytes until it is relocated. Initialisers do not run.
pub fn run(bytes: &[u8], times: usize) -> Seconds {
    let file = object::File::parse(bytes).map_err(|error| error.to_string())?;
    match file.architecture() {
        Architecture::Riscv64 => run_for::<RiscV64Arch>(&file, bytes, times),
        Architecture::X86_64 => run_for::<X86_64Arch>(&file, bytes, times),
        other => Err(format!("it relocates no objects for {other:?}")),
    }
}

fn run_for<A>(file: &object::File<'_>, bytes: &[u8], times: usize) -> Seconds
where
    A: RelocationArch + ObjectArch,
{
    let domain = Domain::<A>::new(AddressSpaceId::PROCESS, NeverRuns);
    let undefined: Vec<CString> = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| CString::new(symbol.name_bytes().ok()?).ok())
        .filter(|name| !name.is_empty())
        .collect();
    let host = SyntheticModule::new(
        &domain,
        "host",
        undefined.into_iter().map(|name| SyntheticSymbol::function(name, run as *const ())),
    );
    let host = ModuleHandle::from(host);
    let groups = groups();
    timed(times, || {
        let words = |error: Error| error.to_string();
        let loader = Loader::new().with_arch::<A>();
        let object = ElfBinary::new("object.o", bytes);
        let raw = loader
            .run(domain.clone())
            .with_object_section_groups(groups.clone())
            .load_object(object)
            .map_err(words)?;
        let relocator = Relocator::new().defer_init();
        let run = relocator.run(raw);
        run.with_modules([host.clone()]).map_err(words)?.relocate().map_err(words)
    })
}

/// The crate's own groups of sections, in its order: 0.18.0 defines them within `debug_assert_eq!`, and
/// so has none where it is optimised.
fn groups() -> SectionGroups {
    let mut groups = SectionGroups::default();
    if !cfg!(debug_assertions) {
        let (read, write, execute) =
            (ProtFlags::PROT_READ, ProtFlags::PROT_WRITE, ProtFlags::PROT_EXEC);
        let kept = [read, read | write, read | execute, read | write | execute];
        for (order, protection) in kept.into_iter().enumerate() {
            groups.define(protection, protection, order, SectionLifetime::Core);
        }
        groups.define(read | write, read | write, usize::MAX, SectionLifetime::Init);
    }
    groups
}

/// Nothing of what is loaded runs: it may be for another machine.
struct NeverRuns;

impl<A: RelocationArch> CodeExecutor<A> for NeverRuns {
    fn call_lifecycle(&self, _: CodeContext<'_, A>, _: VmAddr) -> Result<(), Error> {
        Ok(())
    }

    fn resolve_ifunc(&self, _: CodeContext<'_, A>, resolver: VmAddr) -> Result<VmAddr, Error> {
        Ok(resolver)
    }

    fn resolve_tls(
        &self,
        _: CodeContext<'_, A>,
        resolver: VmAddr,
        _: TlsIndex,
    ) -> Result<VmAddr, Error> {
        Ok(resolver)
    }
}
