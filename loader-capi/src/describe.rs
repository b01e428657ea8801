//! Sections and symbols in C's terms.

use core::ffi::{c_char, c_int, c_void};
use core::ops::ControlFlow;

use loader_core::{
    Binding as CoreBinding, Import as CoreImport, InPlaceSection, KeptSymbol, ModuleSymbol, Name,
    PlannedSection, Section as CoreSection, Symbol as CoreSymbol, SymbolKind as CoreSymbolKind,
    TargetAddress,
};

use crate::manager::SegmentKind;
use crate::pointer::{self, Context};

/// A section of a module.
#[repr(C)]
pub struct Section {
    /// The number of its object.
    pub object: usize,
    /// Its index in the object's section header table.
    pub index: u32,
    /// The segment that it is in; of a section that stays in its file, what kind that would be.
    pub segment: SegmentKind,
    /// Its name, which has `name_length` bytes and need not end in NUL.
    pub name: *const c_char,
    /// See `name`.
    pub name_length: usize,
    /// Its offset in the segment in bytes.
    pub offset: u64,
    /// Its size in memory in bytes.
    pub size: u64,
    /// Its alignment in bytes: a power of two.
    pub align: u64,
    /// sh_flags.
    pub flags: u64,
    /// Its address on the target; 0 before the module is sealed.
    pub address: u64,
    /// sh_type.
    pub elf_type: u32,
    /// Whether it stays in its object's file (`in_place` of the options).
    pub in_place: u32,
}

/// An undefined symbol that the client will be asked for.
#[repr(C)]
pub struct Import {
    /// The number of the first object that needs it.
    pub object: usize,
    /// Its name, which has `name_length` bytes and need not end in NUL.
    pub name: *const c_char,
    /// See `name`.
    pub name_length: usize,
    /// Whether it may stay undefined: its address is 0 then.
    pub weak: u32,
    /// Whether it is a thread-local variable, for struct loader_thread_locals.
    pub tls: u32,
}

/// Who sees a symbol.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Its own object alone.
    Local = 0,
    /// Other objects, and there may be one definition only.
    Global = 1,
    /// Other objects; it gives way to a global one.
    Weak = 2,
}

/// What a symbol names.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// Nobody says.
    None = 0,
    /// A variable.
    Data = 1,
    /// A function.
    Function = 2,
    /// A section.
    Section = 3,
    /// An IFUNC; its address is that of the stub by which it is called.
    IndirectFunction = 10,
}

/// A symbol of a loaded module.
#[repr(C)]
pub struct Symbol {
    /// The number of its object.
    pub object: usize,
    /// Its name, which has `name_length` bytes and need not end in NUL.
    pub name: *const c_char,
    /// See `name`.
    pub name_length: usize,
    /// Its address on the target.
    pub address: u64,
    /// Its size in memory in bytes.
    pub size: u64,
    /// What it names.
    pub kind: SymbolKind,
    /// Who sees it.
    pub binding: Binding,
}

/// Is told of one section after the other, which is there until it returns. Something other than 0
/// stops.
pub type SectionVisitor =
    Option<unsafe extern "C" fn(context: *mut c_void, section: *const Section) -> c_int>;
/// Is told of one import after the other, which is there until it returns. Something other than 0 stops.
pub type ImportVisitor =
    Option<unsafe extern "C" fn(context: *mut c_void, import: *const Import) -> c_int>;
/// Is told of one symbol after the other, which is there until it returns. Something other than 0 stops.
pub type SymbolVisitor =
    Option<unsafe extern "C" fn(context: *mut c_void, symbol: *const Symbol) -> c_int>;
/// Is told of the address of one function after the other. Something other than 0 stops.
pub type FunctionVisitor =
    Option<unsafe extern "C" fn(context: *mut c_void, function: u64) -> c_int>;

/// Tells a visitor of all, until it has enough.
///
/// # Safety
/// The visitor is the client's.
pub(crate) unsafe fn visit<T>(
    all: impl Iterator<Item = T>,
    context: Context,
    visitor: unsafe extern "C" fn(Context, *const T) -> c_int,
) -> ControlFlow<()> {
    for one in all {
        // SAFETY: the function is the client's, and gets what the header says.
        if unsafe { visitor(context, &one) } != 0 {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

impl Section {
    pub(crate) fn planned(planned: PlannedSection<'_>, address: TargetAddress) -> Self {
        let section = Self::of(planned.object, planned.index, planned.section);
        Self {
            segment: planned.segment.into(),
            offset: planned.offset,
            size: planned.size,
            address: address.value(),
            ..section
        }
    }

    pub(crate) fn in_place(stays: InPlaceSection<'_>) -> Self {
        let section = Self::of(stays.object, stays.index, stays.section);
        let (segment, address) = (stays.kind.into(), stays.address.value());
        Self { segment, address, in_place: 1, ..section }
    }

    fn of(object: usize, index: u32, section: CoreSection<'_>) -> Self {
        let (name, name_length) = pointer::parts(section.name());
        Self {
            object,
            index,
            segment: SegmentKind::Text,
            name,
            name_length,
            offset: 0,
            size: section.size(),
            align: section.align(),
            flags: section.flags(),
            address: 0,
            elf_type: section.kind(),
            in_place: 0,
        }
    }
}

impl From<CoreImport<'_>> for Import {
    fn from(import: CoreImport<'_>) -> Self {
        let (name, name_length) = pointer::parts(import.name);
        Self {
            object: import.object,
            name,
            name_length,
            weak: import.weak.into(),
            tls: import.thread_local.into(),
        }
    }
}

impl Symbol {
    fn new(object: usize, name: Name<'_>, address: TargetAddress, size: u64) -> Self {
        let (name, name_length) = pointer::parts(name);
        Self {
            object,
            name,
            name_length,
            address: address.value(),
            size,
            kind: SymbolKind::None,
            binding: Binding::Local,
        }
    }
}

impl From<ModuleSymbol<'_>> for Symbol {
    fn from(found: ModuleSymbol<'_>) -> Self {
        let ModuleSymbol { object, symbol, address, size, .. } = found;
        let (kind, binding) = (CoreSymbol::kind(symbol).into(), symbol.binding().into());
        Self { kind, binding, ..Self::new(object, symbol.name(), address, size) }
    }
}

impl From<KeptSymbol<'_>> for Symbol {
    fn from(kept: KeptSymbol<'_>) -> Self {
        let symbol = Self::new(kept.object, kept.name, kept.address, kept.size.into());
        Self { kind: kept.kind.into(), binding: kept.binding.into(), ..symbol }
    }
}

impl From<CoreBinding> for Binding {
    fn from(binding: CoreBinding) -> Self {
        match binding {
            CoreBinding::Global => Self::Global,
            CoreBinding::Local => Self::Local,
            CoreBinding::Weak => Self::Weak,
        }
    }
}

impl From<CoreSymbolKind> for SymbolKind {
    fn from(kind: CoreSymbolKind) -> Self {
        match kind {
            CoreSymbolKind::Data => Self::Data,
            CoreSymbolKind::Function => Self::Function,
            CoreSymbolKind::IndirectFunction => Self::IndirectFunction,
            CoreSymbolKind::Section => Self::Section,
            _ => Self::None,
        }
    }
}
