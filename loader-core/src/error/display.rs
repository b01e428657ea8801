//! Errors in words: where, what, and what to do about it.

use core::fmt;

use crate::arch::Unsupported;
use crate::error::Error;
use crate::features::THREAD_LOCALS;

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { object, format } => write!(f, "{object}: {}", format.text()),
            Self::Machine { object, e_machine } => write!(
                f,
                "{object}: made for machine {e_machine} (e_machine), which this loader was built \
                 without; compile for this machine, or enable its feature"
            ),
            Self::Malformed { place, defect, value, .. } => {
                write!(f, "{place}: {} ({value:#x}); the file is damaged", defect.text())
            }
            Self::Section { place, reason } => write!(f, "{place}: {}", reason.text()),
            Self::Symbol { object, symbol, reason } => {
                write!(f, "{object}: `{symbol}` {}", reason.text())
            }
            Self::MixedMachines { object } => {
                write!(
                    f,
                    "{object}: made for another machine or float ABI than the module's first object; \
                     compile all with the same target"
                )
            }
            Self::SeveralObjects { object } => write!(
                f,
                "{object}: one object more than this loader makes a module of; link them into one \
                 (ld -r), or enable its feature several-objects"
            ),
            Self::Scratch { needed, lent } => write!(
                f,
                "the plan needs {needed} scratch records and was lent {lent}; lend as many as \
                 `scratch_len` of its options says"
            ),
            Self::TooLarge { object } => write!(
                f,
                "{object}: a segment would be larger than 4 GiB or the address space; split it"
            ),
            Self::Crowded { object, symbol } => write!(
                f,
                "{object}: `{symbol}` and more than a thousand other names have hashes that lie \
                 together, as if chosen so; rename symbols, or load fewer objects at once"
            ),
            Self::Duplicate { symbol, first, second } => write!(
                f,
                "`{symbol}` is defined in {first} and again in {second}; rename one, or make it \
                 static or weak"
            ),
            Self::HashCollisions { symbol, limit } => write!(
                f,
                "more than {limit} exported names share the bucket of `{symbol}`, as only names do that \
                 are made to; rename some of them, or hide them"
            ),
            Self::UnknownRelocation { place, number } => {
                write!(f, "{place}: relocation type {number} is not in the psABI")
            }
            Self::UnsupportedRelocation { place, relocation, symbol, reason } => {
                write!(f, "{place}: {} ", relocation.name())?;
                if !symbol.is_empty() {
                    write!(f, "against `{symbol}` ")?;
                }
                f.write_str(reason.text())
            }
            Self::WrongSymbol { place, relocation, symbol } => write!(
                f,
                "{place}: {} is not for a symbol of the kind of `{symbol}`: one of the two is \
                 thread-local, or an address, and the other is not",
                relocation.name()
            ),
            Self::ThreadLocalBlock { size, align } => write!(
                f,
                "no block of {size} bytes, aligned to {align}, for the module's thread-local \
                 variables; set room aside in every thread, or load without them"
            ),
            Self::ThreadPointer { place, relocation, symbol } => write!(
                f,
                "{place}: {} needs the distance of `{symbol}` from the thread pointer, which is \
                 not the same in every thread; compile with -ftls-model=global-dynamic, or give \
                 the module a static block",
                relocation.name()
            ),
            Self::Descriptor { symbol } => write!(
                f,
                "`{symbol}` is asked for by TLS descriptor, which the client does not have; \
                 compile with -mtls-dialect=trad"
            ),
            Self::Discarded { place, relocation, symbol } => write!(
                f,
                "{place}: {} needs `{symbol}`, whose section is not loaded",
                relocation.name()
            ),
            Self::Unpaired { place, relocation, .. } => write!(
                f,
                "{place}: {} has lost the relocation that it belongs to",
                relocation.name()
            ),
            Self::Allocate { kind, size, align, cause } => write!(
                f,
                "no memory for the {kind} segment of {size} bytes, aligned to {align}: {cause}; \
                 enlarge the {kind} arena or unload a module"
            ),
            Self::BadSegment { kind } => write!(
                f,
                "the memory manager gave a {kind} segment of another size or alignment than asked"
            ),
            Self::NoSuchSection { object, index } => {
                write!(f, "object {object} has no loaded section {index}")
            }
            Self::Misplaced { address, align } => write!(
                f,
                "{address} is not a multiple of {align}, or runs over the end of the address space"
            ),
            Self::Undefined { place, symbol } => write!(
                f,
                "{place}: `{symbol}` is undefined; export it, or load what defines it as well"
            ),
            Self::OutOfRange { place, relocation, symbol, value, segment, from, to } => {
                write!(f, "{place}: {} against `{symbol}`: {}", relocation.name(), Hex(*value))?;
                if let Some(range) = relocation.range() {
                    write!(f, " is not within {}..={}", Hex(range.min), Hex(range.max))?;
                }
                write!(
                    f,
                    "; the {segment} segment (here {from}) is too far from `{symbol}` at {to}"
                )
            }
            Self::Misaligned { place, relocation, symbol, value } => {
                write!(f, "{place}: {} against `{symbol}`: {}", relocation.name(), Hex(*value))?;
                let align = relocation.range().map_or(1, |range| range.align);
                write!(f, " is not a multiple of {align}; the symbol or the field is misaligned")
            }
            Self::Addend { place, relocation, symbol, addend } => write!(
                f,
                "{place}: {} against `{symbol}` has the addend {}, which it cannot have",
                relocation.name(),
                Hex(*addend)
            ),
            Self::Instruction { place, relocation, found } => write!(
                f,
                "{place}: {} does not apply to what is there ({found:#x}); the file is damaged",
                relocation.name()
            ),
            Self::StubReach { symbol, stub, slot } => write!(
                f,
                "the call stub for `{symbol}` at {stub} cannot reach its GOT slot at {slot}; \
                 place the text and rodata arenas closer together"
            ),
            Self::Erratum { place, address, reason } => write!(
                f,
                "{place}: Cortex-A53 erratum 843419 affects the code at {address}, and {}",
                reason.text()
            ),
            Self::Compressed { place, cause } => write!(f, "{place}: {cause}"),
            Self::Seal { kind, cause } => write!(f, "the {kind} segment cannot be sealed: {cause}"),
        }
    }
}

/// A signed number in hexadecimal, with its sign.
struct Hex(i64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 < 0 { "-" } else { "" })?;
        write!(f, "{:#x}", self.0.unsigned_abs())
    }
}

impl Unsupported {
    const fn text(self) -> &'static str {
        match self {
            Self::Dynamic => "belongs to linked images; hand over the output of the compiler's -c",
            Self::NotLoaded => {
                "needs the place of its field in memory, and the section is not loaded"
            }
            Self::Padding => {
                "aligns code by deleting padding, which this loader was built without; compile with \
                 -mno-relax, or enable its feature riscv-align"
            }
            Self::PointerAuthentication => {
                "signs pointers, which is not implemented; compile without pointer authentication ABIs"
            }
            Self::Reserved => {
                "is reserved by the psABI; the file is damaged or newer than the psABI"
            }
            Self::ReadOnly => "initialises by a function what lies in read-only memory",
            Self::ThreadLocal if !THREAD_LOCALS => {
                "needs thread-local variables, which this loader was built without; enable its \
                 feature thread-locals"
            }
            Self::ThreadLocal => {
                "needs thread-local variables, and the plan was made without (TlsModel::None)"
            }
            Self::Vendor => "announces a relocation of that vendor's own, which is not known here",
        }
    }
}
