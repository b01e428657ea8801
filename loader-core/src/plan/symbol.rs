//! What the plan knows of a symbol.

use crate::elf::{Binding, MODULE_HANDLE, Symbol};
use crate::features::{INDIRECT_FUNCTIONS, LEAVES_OUT, SEVERAL_OBJECTS};
use crate::scratch::Scratch;

/// What the plan knows of a symbol, unpacked (`records` has it as it is kept): `word` is its address,
/// once it is known; `low` is its GOT slot plus one, or for an alias the symbol it stands for; `high`
/// has flags and a number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SymbolState(pub(crate) Scratch);

/// Another object's symbol of the same name is the one that counts.
pub(super) const ALIAS: u32 = 1 << 31;
/// Its section is not loaded; or it is COMMON, and not used in a plan that keeps what is.
pub(super) const DEAD: u32 = 1 << 30;
/// A relocation of a loaded section needs it.
pub(super) const USED: u32 = 1 << 29;
/// It is undefined, and a reference to it is not weak.
pub(super) const NEEDED: u32 = 1 << 28;
/// Its address is the client's: undefined, absolute, or in an object's file.
pub(super) const EXTERNAL: u32 = 1 << 27;
/// It is undefined.
pub(super) const IMPORT: u32 = 1 << 26;
/// It is a thread-local variable; its address is its offset in the block.
pub(super) const THREAD_LOCAL: u32 = 1 << 25;
/// Nothing defined it when symbols were resolved last.
pub(super) const UNRESOLVED: u32 = 1 << 24;
/// It is an IFUNC that this module defines; its address is that of its stub.
pub(super) const INDIRECT: u32 = 1 << 23;
/// An object that defines it or refers to it says that no other module has a part in it: it is
/// hidden or internal.
const HIDDEN: u32 = 1 << 22;
/// Call stub plus one; for boundaries of sections, which; for COMMON symbols, the exponent of the alignment; for thread-local
/// variables, what GOT slots they need.
pub(super) const NUMBER: u32 = HIDDEN - 1;

/// The most call stubs that a module can have.
pub(crate) const STUB_LIMIT: u32 = NUMBER - 1;

impl SymbolState {
    /// A symbol whose section is not here.
    pub(crate) const TOMBSTONE: Self = Self(Scratch { word: 0, low: 0, high: DEAD });

    /// A symbol of which no more than the address matters.
    pub(crate) const fn at(address: u64) -> Self {
        Self(Scratch { word: address, low: 0, high: 0 })
    }

    /// Its address, of a loose symbol; of any other [`Plan::located`](crate::Plan::located) knows.
    pub(crate) const fn address(self) -> u64 {
        self.0.word
    }

    pub(crate) const fn set_address(&mut self, address: u64) {
        self.0.word = address;
    }

    /// The symbol that counts in its place, by its number among all objects' symbols.
    pub(crate) const fn alias(self) -> Option<u32> {
        let is_alias = SEVERAL_OBJECTS && self.0.high & ALIAS != 0;
        if is_alias { Some(self.0.low) } else { None }
    }

    pub(crate) const fn set_alias(&mut self, symbol: u32) {
        self.0.high |= ALIAS;
        self.0.low = symbol;
    }

    pub(crate) const fn slot(self) -> Option<u32> {
        if self.0.high & ALIAS != 0 { None } else { self.0.low.checked_sub(1) }
    }

    pub(crate) const fn set_slot(&mut self, slot: u32) {
        self.0.low = slot.saturating_add(1);
    }

    pub(crate) const fn stub(self) -> Option<u32> {
        if self.0.high & (EXTERNAL | INDIRECT) == 0 || self.is_thread_local() {
            return None;
        }
        (self.0.high & NUMBER).checked_sub(1)
    }

    pub(crate) const fn set_stub(&mut self, stub: u32) {
        self.0.high = (self.0.high & !NUMBER) | stub.saturating_add(1);
    }

    /// A COMMON symbol's alignment in bytes.
    pub(crate) const fn common_align(self) -> u64 {
        1u64.wrapping_shl(self.0.high & NUMBER)
    }

    pub(crate) const fn set_common_align(&mut self, align: u64) {
        self.0.high = (self.0.high & !NUMBER) | align.trailing_zeros();
    }

    pub(crate) const fn is_dead(self) -> bool {
        self.0.high & DEAD != 0
    }

    /// Whether it lies in a section that is not loaded, and nothing else stands for it: only
    /// unwind tables may speak of such a symbol.
    pub(crate) const fn is_tombstone(self) -> bool {
        (LEAVES_OUT || cfg!(feature = "debug")) && self.0.high & (DEAD | ALIAS) == DEAD
    }

    pub(crate) const fn set_dead(&mut self) {
        self.0.high |= DEAD;
    }

    pub(crate) const fn is_unresolved(self) -> bool {
        self.0.high & UNRESOLVED != 0
    }

    pub(crate) const fn set_unresolved(&mut self, unresolved: bool) {
        self.0.high = if unresolved { self.0.high | UNRESOLVED } else { self.0.high & !UNRESOLVED };
    }

    pub(crate) const fn is_thread_local(self) -> bool {
        self.0.high & THREAD_LOCAL != 0
    }

    pub(crate) const fn set_thread_local(&mut self) {
        self.0.high |= THREAD_LOCAL;
    }

    pub(crate) const fn is_indirect(self) -> bool {
        INDIRECT_FUNCTIONS && self.0.high & INDIRECT != 0
    }

    pub(crate) const fn set_indirect(&mut self) {
        self.0.high |= INDIRECT;
    }

    pub(crate) const fn forget_indirect(&mut self) {
        self.0.high &= !INDIRECT;
    }

    /// Makes an alias of what is nowhere, nowhere itself.
    pub(crate) const fn bury_alias(&mut self) {
        self.0.high = self.0.high & !(ALIAS | EXTERNAL | IMPORT | INDIRECT | NUMBER) | DEAD;
        self.0.low = 0;
    }

    pub(crate) const fn number(self) -> u32 {
        self.0.high & NUMBER
    }

    pub(crate) const fn set_number(&mut self, number: u32) {
        self.0.high = (self.0.high & !NUMBER) | (number & NUMBER);
    }

    pub(crate) const fn is_used(self) -> bool {
        self.0.high & USED != 0
    }

    pub(crate) const fn set_used(&mut self) {
        self.0.high |= USED;
    }

    pub(crate) const fn is_needed(self) -> bool {
        self.0.high & NEEDED != 0
    }

    pub(crate) const fn set_needed(&mut self) {
        self.0.high |= NEEDED;
    }

    pub(crate) const fn is_external(self) -> bool {
        self.0.high & EXTERNAL != 0
    }

    /// Its address is known and may be out of a branch's reach.
    pub(crate) const fn set_absolute(&mut self) {
        self.0.high |= EXTERNAL;
    }

    /// Makes an import a boundary of sections that this module has: `number` says which.
    /// `false` where the number is too large.
    pub(crate) const fn set_boundary(&mut self, number: u32) -> bool {
        self.0.high &= !(EXTERNAL | IMPORT);
        self.set_number(number);
        number <= NUMBER
    }

    /// Which boundary it is, if it is one; of an undefined symbol.
    pub(crate) const fn boundary(self) -> Option<u32> {
        const OTHERS: u32 = ALIAS | DEAD | EXTERNAL | IMPORT | THREAD_LOCAL;
        if self.0.high & OTHERS == 0 { Some(self.number()) } else { None }
    }

    /// Of the symbol that counts, whether any object says so (gABI, "Symbol Visibility": the most
    /// constraining one counts).
    pub(crate) const fn is_hidden(self) -> bool {
        self.0.high & HIDDEN != 0
    }

    pub(crate) const fn set_hidden(&mut self) {
        self.0.high |= HIDDEN;
    }

    /// Whether other modules may use the symbol that this is the record of: it counts, and is
    /// hidden by no object.
    pub(crate) fn is_exported(self, symbol: Symbol<'_>) -> bool {
        symbol.binding() != Binding::Local && !self.is_hidden() && self.alias().is_none()
    }

    pub(crate) const fn is_import(self) -> bool {
        self.0.high & IMPORT != 0
    }

    pub(crate) const fn set_import(&mut self) {
        self.0.high |= EXTERNAL | IMPORT;
    }

    /// Whether the client is asked for the symbol that this is the record of.
    pub(crate) fn is_asked_for(self, symbol: Symbol<'_>) -> bool {
        self.is_import() && self.may_be_elsewhere(symbol) && !self.stands_for_module(symbol)
    }

    /// Whether the client may have a symbol. Of what is hidden, no other module has a definition; but
    /// who loads without boundaries of sections may have these.
    pub(crate) fn may_be_elsewhere(self, symbol: Symbol<'_>) -> bool {
        let is_boundary = || symbol.is_called(b"__start_") || symbol.is_called(b"__stop_");
        !self.is_hidden() || (!cfg!(feature = "boundaries") && is_boundary())
    }

    /// Whether an undefined symbol stands for the module itself, and has its GOT's address.
    pub(crate) fn stands_for_module(self, symbol: Symbol<'_>) -> bool {
        // The first without a look at its name.
        self.is_import()
            && symbol.may_stand_for_module()
            && (self.is_hidden() || !symbol.is_called(MODULE_HANDLE))
    }
}
