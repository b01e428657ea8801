//! The words that the tables of relocation types are written in.

use super::field::Field;
use super::relocation::{Action, Fixup, Formula, Range, Unsupported};
use super::rows::Named;

pub(super) const AUTHENTICATED: Action = Action::Refuse(Unsupported::PointerAuthentication);
pub(super) const DESCRIPTOR_PART: Action = Action::DescriptorPart;
pub(super) const DYNAMIC: Action = Action::Refuse(Unsupported::Dynamic);
pub(super) const NOTHING: Action = Action::Nothing;
pub(super) const RESERVED: Action = Action::Refuse(Unsupported::Reserved);
pub(super) const VENDOR: Action = Action::Refuse(Unsupported::Vendor);

pub(super) const ANY: Range = Range::ANY;

pub(super) const WORD8: &Field = Field::WORD8;
pub(super) const WORD16: &Field = Field::WORD16;
pub(super) const WORD32: &Field = Field::WORD32;
pub(super) const WORD64: &Field = Field::WORD64;

/// One row of a table.
pub(super) const fn row(number: u16, name: &'static str, action: Action) -> Named {
    Named { number, name, action }
}

/// A type that is applied: how its value is computed, where it goes, and what fits there.
pub(super) const fn apply(formula: Formula, field: &'static Field, range: Range) -> Action {
    Action::Apply(Fixup::new(formula, field, range))
}
