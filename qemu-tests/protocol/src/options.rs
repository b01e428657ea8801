//! What a program asks of the loader.

use crate::{Deserialize, Serialize};

/// What a program asks of the loader, for itself and the C runtime under it; the default asks for
/// nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// `PlanOptions::erratum_843419`
    pub erratum_843419: bool,
    /// `PlanOptions::keep`: of the program what its entry needs, of the C runtime what it exports.
    pub gc_sections: bool,
    /// `Cycles::Group`, rather than `Cycles::Refuse`, for the modules that it needs
    pub group_cycles: bool,
    /// `PlanOptions::relaxation`
    pub relaxation: bool,
    /// `PlanOptions::in_place`, the files being where the host has put them
    pub in_place: bool,
    /// `PlanOptions::debug`, and GDB is told
    pub debug: bool,
    /// Whether the program runs in user mode, with nothing but its modules, its stack and its heap: on the
    /// first hart, beside the image, and not in place. A fault ends it and not the run.
    pub user: bool,
}
