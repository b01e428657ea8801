//! What an entry of the page tables says of what it maps, but for where that is.

use aarch64_paging::descriptor::El1Attributes;
use target_common::Access;

/// Device registers: the first attribute of the MAIR that `aarch64-rt` sets, never executable.
pub(crate) const DEVICE: El1Attributes = El1Attributes::ATTRIBUTE_INDEX_0
    .union(El1Attributes::VALID)
    .union(El1Attributes::ACCESSED)
    .union(El1Attributes::NON_GLOBAL)
    .union(El1Attributes::PXN)
    .union(El1Attributes::UXN);

/// Memory: write-back cached, the second attribute of that MAIR.
pub(crate) const NORMAL: El1Attributes = El1Attributes::ATTRIBUTE_INDEX_1
    .union(El1Attributes::VALID)
    .union(El1Attributes::ACCESSED)
    .union(El1Attributes::INNER_SHAREABLE)
    .union(El1Attributes::NON_GLOBAL)
    .union(El1Attributes::UXN);

/// Memory that user mode may use so; code in it only user mode.
#[cfg(feature = "image")]
pub(crate) fn shared(access: Access) -> El1Attributes {
    let attributes = memory(access) | El1Attributes::USER | El1Attributes::PXN;
    match access {
        Access::ReadExecute => attributes - El1Attributes::UXN,
        Access::Read | Access::ReadWrite => attributes,
    }
}

/// Memory that may be used so.
pub(crate) fn memory(access: Access) -> El1Attributes {
    match access {
        Access::Read => NORMAL | El1Attributes::READ_ONLY | El1Attributes::PXN,
        Access::ReadExecute => NORMAL | El1Attributes::READ_ONLY,
        Access::ReadWrite => NORMAL | El1Attributes::PXN,
    }
}
