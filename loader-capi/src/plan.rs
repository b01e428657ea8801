//! What a plan says.

use core::ffi::c_void;

use loader_core::{Plan, SegmentKind as CoreKind, TargetAddress};

use crate::describe::{Import, ImportVisitor, Section, SectionVisitor, visit};
use crate::handle::{Inner, Loader, State, answer, look};
use crate::pointer::Pointed;
use crate::status::Status;
use crate::thread_locals::TlsBlock;

/// The machines, by their numbers in ELF (e_machine).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// x86-64.
    X86_64 = 62,
    /// AArch64.
    Aarch64 = 183,
    /// RISC-V, with 64 bits.
    Riscv64 = 243,
}

/// The exact size of one segment.
#[repr(C)]
pub struct SegmentPlan {
    /// In bytes; 0 where the module has no such segment.
    pub size: u64,
    /// In bytes; a power of two.
    pub align: u64,
}

/// What a module will take, exactly.
#[repr(C)]
pub struct PlanInfo {
    /// The machine that it is for.
    pub machine: Machine,
    /// How many objects it is made of.
    pub objects: usize,
    /// Code and call stubs.
    pub text: SegmentPlan,
    /// Constants, the GOT, and what is kept of symbols.
    pub read_only: SegmentPlan,
    /// Variables.
    pub data: SegmentPlan,
    /// How many GOT entries it has, 8 bytes each.
    pub got_entries: u32,
    /// How many call stubs it has.
    pub stubs: u32,
    /// Its block of thread-local variables, in each thread.
    pub thread_locals: TlsBlock,
}

/// Says what the module will take, or takes. Phases: planned, placed, relocated, sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_plan_info(loader: *const Loader, info: *mut PlanInfo) -> Status {
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, info, |inner| PlanInfo::of(inner.plan()?)) }
}

/// Tells of each symbol that the client will be asked for. Phases: planned, placed, relocated, sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_import(
    loader: *const Loader,
    visitor: ImportVisitor,
    context: *mut c_void,
) -> Status {
    let Some(visitor) = visitor else { return Status::Pointer };
    // SAFETY: the caller has a loader and a visitor.
    unsafe {
        look(loader, |inner| {
            let _ = visit(inner.plan()?.imports().map(Import::from), context, visitor);
            Ok(())
        })
    }
}

/// Tells of each section that the module has in memory, or that stays in its file. Phases: planned, placed,
/// relocated, sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_section(
    loader: *const Loader,
    visitor: SectionVisitor,
    context: *mut c_void,
) -> Status {
    let Some(visitor) = visitor else { return Status::Pointer };
    let each = |inner: &Inner| {
        let plan = inner.plan()?;
        // SAFETY: the visitor is the client's.
        let visited = unsafe {
            match &inner.state {
                State::Sealed(module) => {
                    let all = module.sections();
                    let all = all.map(|section| Section::planned(section.planned, section.address));
                    visit(all, context, visitor)
                }
                _ => {
                    let all = plan.sections();
                    let all = all.map(|section| Section::planned(section, TargetAddress::NULL));
                    visit(all, context, visitor)
                }
            }
        };
        if visited.is_continue() {
            // SAFETY: as above.
            let _ =
                unsafe { visit(plan.in_place_sections().map(Section::in_place), context, visitor) };
        }
        Ok(())
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, each) }
}

impl Inner {
    /// The plan, in the phases that have one.
    pub(crate) fn plan(&self) -> Pointed<&Plan<'_, '_>> {
        match &self.state {
            State::Planned(plan) => Ok(plan),
            State::Placed(image) => Ok(image.plan()),
            State::Relocated(image) => Ok(image.plan()),
            State::Sealed(module) => Ok(module.plan()),
            State::Objects | State::Resident(_) => Err(Status::Phase),
        }
    }
}

impl PlanInfo {
    fn of(plan: &Plan<'_, '_>) -> Pointed<Self> {
        let segment = |kind| {
            let planned = plan.segment(kind);
            SegmentPlan { size: planned.size, align: planned.align }
        };
        let machine = match plan.machine().name() {
            "aarch64" => Machine::Aarch64,
            "riscv64" => Machine::Riscv64,
            "x86_64" => Machine::X86_64,
            _ => return Err(Status::Other),
        };
        Ok(Self {
            machine,
            objects: plan.objects().len(),
            text: segment(CoreKind::Text),
            read_only: segment(CoreKind::ReadOnly),
            data: segment(CoreKind::Data),
            got_entries: plan.got_entries(),
            stubs: plan.stubs(),
            thread_locals: plan.thread_locals().map_or(TlsBlock::NONE, TlsBlock::from),
        })
    }
}
