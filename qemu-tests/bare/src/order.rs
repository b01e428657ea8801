//! The order in which to load modules.

use core::fmt::Write;
use core::hint::black_box;

use loader_core::{Candidate, Cycles, LoadOrder, Object, OrderError, Scratch, Version};

use crate::Sink;

/// Which modules to load, and which first.
fn order(candidates: &[Candidate<'_, '_>], scratch: &mut [Scratch]) {
    black_box(LoadOrder::scratch_len(candidates));
    let present = |name: &str| black_box((!name.is_empty()).then_some(Version::new(1, 0, 0)));
    let cycles = if black_box(true) { Cycles::Group } else { Cycles::Refuse };
    let wanted = black_box(["first", "second"]);
    match LoadOrder::new(candidates, &wanted, &present, cycles, scratch) {
        Ok(order) => {
            for step in order.steps() {
                black_box(step.one().map(Candidate::name));
                for object in step.objects() {
                    black_box(object.name());
                }
            }
        }
        Err(error) => {
            if let OrderError::Cycle(cycle) = error {
                black_box(cycle.modules().count());
            }
            let _ = black_box(write!(Sink, "{error}"));
        }
    }
}

/// Orders two modules of the same bytes.
pub fn modules(bytes: &[u8], scratch: &mut [Scratch]) {
    let Ok(objects) = Object::parse("module", bytes).map(|object| [object]) else { return };
    match [Candidate::new(&objects), Candidate::new(&objects)] {
        [Ok(one), Ok(other)] => order(&[one, other.named(black_box("second"))], scratch),
        [Err(error), _] | [_, Err(error)] => {
            let _ = black_box(write!(Sink, "{error}"));
        }
    }
}
