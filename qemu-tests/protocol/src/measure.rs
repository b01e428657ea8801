//! What one load took, phase by phase, where a program is loaded to be measured.

use crate::{Deserialize, Serialize, String, Vec};

/// What a load took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadReport {
    /// The phases, in their order.
    pub phases: Vec<PhaseReport>,
    /// Sections of the objects.
    pub sections: u64,
    /// Symbols of the objects.
    pub symbols: u64,
    /// Relocations that were applied.
    pub relocations: u64,
    /// Records of scratch memory that were lent: exactly what the plan asks for.
    pub scratch_records: u64,
    /// The same in bytes.
    pub scratch_bytes: u64,
}

/// What one phase took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// `parse`, `plan`, `place`, `resolve` or `seal`.
    pub name: String,
    /// Nanoseconds by the machine's own counter, what is not the loader's included.
    pub ns: u64,
    /// How many of these the memory manager took: free lists, page permissions, caches.
    pub manager_ns: u64,
}
