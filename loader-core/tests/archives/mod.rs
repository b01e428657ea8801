//! Archives: their members in both formats, and refusals.

mod format;
mod refusals;
