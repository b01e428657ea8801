//! Every type that has a range, at its limits, one past them, misaligned, and at random between:
//! what fits is read back by a decoder of its own, what does not is refused, and no bit beside the
//! field changes.

mod apply;
mod subjects;

use loader_core::{Machine, Range, Relocation};

use crate::support::random::Random;
use apply::{Failure, apply};
use subjects::{Kind, Subject, subject};

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

/// How many values are tried at random for each type.
const RANDOM: usize = 60;

/// The values to try for a range: what is at its limits and around them, and anything.
fn values(range: Range, random: &mut Random) -> Vec<i64> {
    let step = range.align.cast_signed();
    let mut values = vec![0, step, -step, range.min, range.max & -step];
    if range.min != i64::MIN {
        values.extend([range.min - 1, range.min - step, range.max + 1, range.max + step]);
        values.extend([(range.max & -step) + step, range.min / 2, range.max / 2]);
    }
    // Misaligned by every smaller power of two.
    let mut less = 1;
    while less < step {
        values.extend([less, 4 * step + less, (range.max & -step) - step + less]);
        less *= 2;
    }
    for _ in 0..RANDOM {
        let wide = (random.next() << 33 | random.next()).cast_signed();
        let bits = random.below(63) as u32;
        values.extend([wide >> bits, (wide >> bits) & -step, (wide >> bits) & -0x1000]);
    }
    values
}

/// Tries one value; whether it can be made at all.
fn try_value(machine: Machine, row: &Relocation, subject: &Subject, x: i64) -> bool {
    let Some(inputs) = subject.kind.inputs(x) else { return false };
    let range = row.range().unwrap();
    let spans = range.min <= x && x <= range.max;
    let aligned = x.cast_unsigned() & (range.align - 1) == 0;
    let result = apply(machine, row.number(), subject, &inputs);
    let name = row.name();
    match result {
        // That the field leads to the stub then is with the tests of branches.
        Ok((word, true)) if !(subject.holds)(u64::from_le_bytes(word), x) => {
            assert!(subject.kind.may_use_stub(), "{name} went through a stub");
            assert!(!spans, "{name}: {x:#x} fits, and went through a stub");
        }
        Ok((word, _)) => {
            assert!(spans && aligned, "{name}: {x:#x} was applied");
            let word = u64::from_le_bytes(word);
            assert!((subject.holds)(word, x), "{name}: {x:#x} became {word:#x}");
            let kept = (word ^ subject.word) & !subject.field;
            assert_eq!(kept, 0, "{name}: {x:#x} changed bits beside its field: {word:#x}");
        }
        Err(Failure::OutOfRange(value)) => {
            assert!(!spans, "{name}: {x:#x} was refused as out of range");
            assert_eq!(value, x, "{name}");
        }
        Err(Failure::Misaligned(value)) => {
            assert!(spans && !aligned, "{name}: {x:#x} was refused as misaligned");
            assert_eq!(value, x, "{name}");
        }
        Err(Failure::Other(text)) => panic!("{name}: {x:#x}: {text}"),
    }
    true
}

#[test]
fn every_type_at_its_limits() {
    let mut random = Random(11);
    let (mut types, mut tried) = (0, 0);
    for machine in MACHINES {
        for row in machine.relocations() {
            let Some(range) = row.range() else { continue };
            let subject = subject(machine, row.number());
            let subject = subject.unwrap_or_else(|| panic!("no decoder for {}", row.name()));
            types += 1;
            if subject.kind.is_thread_local() && !cfg!(feature = "thread-locals") {
                continue;
            }
            let made = values(range, &mut random)
                .into_iter()
                .filter(|&x| try_value(machine, row, &subject, x))
                .count();
            let limit = subject.kind == Kind::InGot;
            assert!(limit || made > 20, "{}: {made} values could be made", row.name());
            tried += made;
        }
    }
    let tries = if cfg!(feature = "thread-locals") { 15_000 } else { 10_000 };
    assert!(types > 180 && tried > tries, "{types} types, {tried} values");
}
