//! What a plan is asked for, and the scratch memory that is lent to it.

use core::ffi::{c_char, c_void};
use core::slice;

use loader_core::TlsModel as CoreModel;
use loader_core::{Keep as CoreKeep, Kept as CoreKept, PlanOptions, Scratch, TargetAddress};

use crate::handle::{Inner, Loader, answer};
use crate::pointer::{self, Addresses, Pointed};
use crate::status::{Failure, Status};

/// What the address of scratch memory must be a multiple of.
pub const LOADER_SCRATCH_ALIGN: usize = 16;

/// RISC-V code is made shorter where its objects allow it (R_RISCV_RELAX).
pub const LOADER_RELAXATION: u32 = 1;
/// Code for AArch64 that erratum 843419 of the Cortex-A53 affects is mended.
pub const LOADER_ERRATUM_843419: u32 = 2;

/// What a client has for thread-local variables.
#[repr(C)]
pub enum TlsModel {
    /// Nothing: a module that uses them is refused.
    None = 0,
    /// Room in every thread, at one distance from the thread pointer.
    Static = 1,
    /// Blocks that come with the first use: __tls_get_addr and descriptors.
    Dynamic = 2,
}

/// Which sections a plan keeps: what linkers call garbage collection (--gc-sections).
#[repr(C)]
pub enum Keep {
    /// All.
    All = 0,
    /// What can be reached from the symbols that other modules may use.
    Exported = 1,
    /// What can be reached from the symbols in `keep_names`.
    Named = 2,
}

/// What a module keeps of its symbols in memory of its own, for loader_detach.
#[repr(C)]
pub enum Kept {
    /// Nothing: what is needed is looked up while the objects are there.
    Nothing = 0,
    /// The list of finalisers.
    Finalisers = 1,
    /// Finalisers, and what other modules may use.
    Exports = 2,
    /// Finalisers and all functions and variables, local ones included: for backtraces.
    Symbols = 3,
}

/// What a plan is asked for. All zeros asks for nothing: `struct loader_options options = {0};`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Options {
    /// LOADER_RELAXATION and LOADER_ERRATUM_843419, as wanted.
    pub flags: u32,
    /// One of enum loader_tls_model.
    pub thread_locals: u32,
    /// One of enum loader_keep.
    pub keep: u32,
    /// One of enum loader_kept.
    pub kept: u32,
    /// With LOADER_KEEP_NAMED: symbols, texts in UTF-8 that end in NUL. Looked at by loader_plan only.
    pub keep_names: *const *const c_char,
    /// How many they are.
    pub keep_count: usize,
    /// Where the objects' files lie on the target, one after the other, for execution in place:
    /// sections that need no change stay there and take no memory. UINT64_MAX, and what is missing
    /// at the end, is for one that does not lie where code can run. Looked at by loader_plan only; the
    /// client answers for the files being there as long as the module.
    pub in_place: *const u64,
    /// How many they are.
    pub in_place_count: usize,
}

impl Options {
    pub(crate) const NONE: Self = Self {
        flags: 0,
        thread_locals: 0,
        keep: 0,
        kept: 0,
        keep_names: core::ptr::null(),
        keep_count: 0,
        in_place: core::ptr::null(),
        in_place_count: 0,
    };
}

/// How many bytes of scratch memory a plan of the parsed objects takes, exactly. `options` may be
/// null, for those that ask for nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_scratch_size(
    loader: *const Loader,
    options: *const Options,
    size: *mut usize,
) -> Status {
    // SAFETY: the caller has a loader, options or none, and room for the answer.
    unsafe {
        answer(loader, size, |inner| {
            let options = read(options)?;
            records(inner, &options)?.checked_mul(RECORD).ok_or(Status::Argument)
        })
    }
}

/// The client's options, or none.
///
/// # Safety
/// As for [`pointer::read`].
pub(crate) unsafe fn read(options: *const Options) -> Pointed<Options> {
    if options.is_null() {
        return Ok(Options::NONE);
    }
    // SAFETY: as the caller says.
    unsafe { pointer::read(options) }
}

/// Bytes of a record, and of what the lists of names and of addresses take.
const RECORD: usize = 16;
const _: () = assert!(size_of::<Scratch>() == RECORD && size_of::<&str>() <= RECORD);
const _: () = assert!(size_of::<Option<TargetAddress>>() <= RECORD);
const _: () = assert!(LOADER_SCRATCH_ALIGN.is_multiple_of(align_of::<Option<TargetAddress>>()));

/// All records that a plan takes: the core's own, and those that lists are translated into.
fn records(inner: &Inner, options: &Options) -> Pointed<usize> {
    let lists = options.keep_count.checked_add(options.in_place_count).ok_or(Status::Argument)?;
    core_records(inner, options)?.checked_add(lists).ok_or(Status::Argument)
}

/// The core's own: it counts alike whatever is in the lists.
fn core_records(inner: &Inner, options: &Options) -> Pointed<usize> {
    let options = core_options(options, &[], &[])?;
    Ok(options.scratch_len(inner.objects()))
}

fn core_options<'p>(
    options: &Options,
    names: &'p [&'p str],
    in_place: &'p [Option<TargetAddress>],
) -> Pointed<PlanOptions<'p>> {
    let mut core = PlanOptions::default();
    if options.flags & !(LOADER_RELAXATION | LOADER_ERRATUM_843419) != 0 {
        return Err(Status::Argument);
    }
    core.relaxation = options.flags & LOADER_RELAXATION != 0;
    core.erratum_843419 = options.flags & LOADER_ERRATUM_843419 != 0;
    core.thread_locals = TlsModel::of(options.thread_locals)?;
    core.keep = Keep::of(options.keep, names)?;
    core.kept = Kept::of(options.kept)?;
    core.in_place = in_place;
    Ok(core)
}

impl TlsModel {
    fn of(number: u32) -> Pointed<CoreModel> {
        match number {
            n if n == Self::None as u32 => Ok(CoreModel::None),
            n if n == Self::Static as u32 => Ok(CoreModel::Static),
            n if n == Self::Dynamic as u32 => Ok(CoreModel::Dynamic),
            _ => Err(Status::Argument),
        }
    }
}

impl Keep {
    fn of<'p>(number: u32, names: &'p [&'p str]) -> Pointed<CoreKeep<'p>> {
        match number {
            n if n == Self::All as u32 => Ok(CoreKeep::All),
            n if n == Self::Exported as u32 => Ok(CoreKeep::Exported),
            n if n == Self::Named as u32 => Ok(CoreKeep::Named(names)),
            _ => Err(Status::Argument),
        }
    }
}

impl Kept {
    fn of(number: u32) -> Pointed<CoreKept> {
        match number {
            n if n == Self::Nothing as u32 => Ok(CoreKept::Nothing),
            n if n == Self::Finalisers as u32 => Ok(CoreKept::Finalisers),
            n if n == Self::Exports as u32 => Ok(CoreKept::Exports),
            n if n == Self::Symbols as u32 => Ok(CoreKept::Symbols),
            _ => Err(Status::Argument),
        }
    }
}

/// What a plan is made with: the records that are lent to it, and the options in the core's terms.
pub(crate) struct Asked {
    pub(crate) scratch: &'static mut [Scratch],
    pub(crate) options: PlanOptions<'static>,
    pub(crate) addresses: Addresses,
}

/// That an array is not in the scratch memory.
fn apart<T>(scratch: Addresses, array: *const T, length: usize) -> Pointed<()> {
    let array = pointer::addresses(array, length)?;
    if pointer::overlap(scratch, array) { Err(Status::Argument) } else { Ok(()) }
}

/// Makes records of the scratch memory, and of its end the lists that options have.
///
/// # Safety
/// There are `size` bytes at `memory` that are the loader's from now on, and the options' lists are as
/// the header says.
pub(crate) unsafe fn ask(
    inner: &Inner,
    options: Options,
    memory: *mut c_void,
    size: usize,
) -> Result<Asked, Failure> {
    let memory = memory.cast::<u8>();
    pointer::usable(memory)?;
    if !memory.addr().is_multiple_of(LOADER_SCRATCH_ALIGN) {
        return Err(Status::Memory.into());
    }
    let addresses = pointer::addresses(memory, size)?;
    if inner.lent.has(addresses) {
        return Err(Status::Argument.into());
    }
    let needed = records(inner, &options)?.checked_mul(RECORD).ok_or(Status::Argument)?;
    if size < needed {
        return Err(Failure::Scratch { needed, lent: size });
    }
    let Options { keep_count, in_place_count, .. } = options;
    // Nothing is read from memory that is written to meanwhile.
    apart(addresses, options.keep_names, keep_count)?;
    apart(addresses, options.in_place, in_place_count)?;
    let records = core_records(inner, &options)?;
    let scratch = memory.cast::<Scratch>();
    let names = scratch.wrapping_add(records).cast::<&'static str>();
    let files = scratch.wrapping_add(records.saturating_add(keep_count));
    let files = files.cast::<Option<TargetAddress>>();
    // SAFETY: the lists are as long as the caller says. All that is written is within the `needed`
    // bytes, which are there: so many records of 16 bytes, each at least as large as what is written to
    // it, and aligned. References are made to what was written, and no two to the same bytes.
    unsafe {
        for (at, name) in pointer::array(options.keep_names, keep_count)?.iter().enumerate() {
            let name = pointer::text(*name)?;
            apart(addresses, name.as_ptr(), name.len())?;
            names.wrapping_add(at).write(name);
        }
        for (at, address) in pointer::array(options.in_place, in_place_count)?.iter().enumerate() {
            let known = (*address != u64::MAX).then_some(TargetAddress::new(*address));
            files.wrapping_add(at).write(known);
        }
        for at in 0..records {
            scratch.wrapping_add(at).write(Scratch::ZERO);
        }
        let names = slice::from_raw_parts(names, keep_count);
        let files = slice::from_raw_parts(files, in_place_count);
        let options = core_options(&options, names, files)?;
        Ok(Asked { scratch: slice::from_raw_parts_mut(scratch, records), options, addresses })
    }
}
