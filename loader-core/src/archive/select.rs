//! Choosing: inputs in order → the objects that a link is made of.

use crate::archive::index::{Counts, Index};
use crate::archive::record::split;
use crate::archive::search::Search;
use crate::archive::{Archive, ArchiveError};
use crate::name::{Name, ObjectName};
use crate::object::Object;
use crate::scratch::Scratch;

/// What a linker is given, in the order of its command line.
#[derive(Debug, Clone, Copy)]
pub enum LinkInput<'i, 'o> {
    /// An archive: its members that define what is needed by then, and what these need in turn.
    /// What is needed later is not looked for.
    Archive(&'i Archive<'o>),
    /// `--start-group` … `--end-group`: archives that are gone through in turn, again and again,
    /// until they give nothing more.
    Group(&'i [Archive<'o>]),
    /// An object, whether it is needed or not.
    Object(Object<'o>),
    /// `--whole-archive`: all members that are ELF files.
    Whole(&'i Archive<'o>),
}

/// The objects that a link is made of, chosen as GNU ld chooses.
///
/// A member is taken for what it defines, weakly or as COMMON as well, where that is needed and
/// nothing before it has defined it; a need that is weak takes none. As in GNU ld, a COMMON symbol
/// also takes a member that defines its name as data, and not weakly.
///
/// What members define is read from their own symbol tables, never from the archive's index. A
/// member that is no ELF file is passed over; one that cannot be loaded is an error only if it is
/// taken, as all are of an archive that is taken whole.
///
/// # Example
/// ```no_run
/// use loader_core::{Archive, LinkInput, Name, Object, Plan, Scratch, Selection, scratch_len};
///
/// # fn load(blink: &[u8], libc: &[u8], lent: &mut [Scratch], more: &mut [Scratch]) {
/// # (|| -> Option<()> {
/// let blink = Object::parse("blink.o", blink).ok()?;
/// let libc = Archive::parse("libc.a", libc).ok()?;
/// let inputs = [LinkInput::Object(blink), LinkInput::Archive(&libc)];
/// // What the kernel exports need not be taken from the archive.
/// let provided = |name: Name<'_>| name == Name::from("malloc");
/// let selection = Selection::new(&inputs, &[], &provided, lent).ok()?;
///
/// let mut objects = [blink; 64];
/// for (slot, chosen) in objects.iter_mut().zip(selection.objects()) {
///     *slot = chosen.object;
/// }
/// let plan = Plan::new(objects.get(..selection.len())?, more).ok()?;
/// # drop(plan); Some(()) })();
/// # }
/// ```
#[derive(Debug)]
pub struct Selection<'i, 'o, 's> {
    index: Index<'i, 'o, 's>,
    order: &'s [Scratch],
}

/// An object of a [`Selection`].
#[derive(Debug, Clone, Copy)]
pub struct Selected<'o> {
    /// The object.
    pub object: Object<'o>,
    /// What it was taken for; `None` where it is there unasked: an object that is no member, or one
    /// of a whole archive.
    pub need: Option<Need<'o>>,
}

/// What a member was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'o> {
    /// The symbol; the first of the member's, where several were needed.
    pub symbol: Name<'o>,
    /// The object that was the first to need it, or has it as a COMMON symbol; `None` where the
    /// client asked for it.
    pub by: Option<ObjectName<'o>>,
}

impl LinkInput<'_, '_> {
    /// Whether members are taken where they are needed.
    pub(super) const fn is_searched(&self) -> bool {
        matches!(self, Self::Archive(_) | Self::Group(_))
    }
}

impl<'i, 'o, 's> Selection<'i, 'o, 's> {
    /// How many [`Scratch`] records a choice among these inputs needs, exactly: one per archive,
    /// two per object or member, one per member of the largest archive or group that is searched;
    /// and, for what is searched, one per definition and the table of names, which has between two
    /// and four per definition.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`].
    pub fn scratch_len(inputs: &[LinkInput<'_, 'o>]) -> Result<usize, ArchiveError<'o>> {
        Ok(Counts::of(inputs)?.total())
    }

    /// Chooses among `inputs`. `roots` are needed by the client (`--undefined`); what `provided`
    /// says yes to is defined elsewhere, by a kernel's exports for one, and nothing is taken for
    /// it.
    ///
    /// # Errors
    /// [`ArchiveError::Scratch`] where `scratch` has fewer records than
    /// [`scratch_len`](Self::scratch_len) says, [`ArchiveError::TooLarge`],
    /// [`ArchiveError::Crowded`], and [`ArchiveError::Member`] for a member that is to be taken and cannot be loaded.
    pub fn new(
        inputs: &'i [LinkInput<'i, 'o>],
        roots: &[Name<'_>],
        provided: &dyn Fn(Name<'_>) -> bool,
        scratch: &'s mut [Scratch],
    ) -> Result<Self, ArchiveError<'o>> {
        let counts = Counts::of(inputs)?;
        let too_few = ArchiveError::Scratch { needed: counts.total(), lent: scratch.len() };
        let (index, rest) = Index::new(inputs, &counts, scratch)?;
        let (queue, order) = rest.split_at_mut_checked(counts.queue).ok_or(too_few)?;
        let (index, order) = Search::new(index, queue, order, provided).run(roots)?;
        Ok(Self { index, order })
    }

    /// How many objects are chosen.
    pub const fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is.
    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The objects in link order: that of the inputs, and of an archive's members that in which they
    /// were taken.
    pub fn objects(&self) -> impl Iterator<Item = Selected<'o>> + '_ {
        self.order.iter().filter_map(|record| {
            let object = self.index.object(record.low)?.ok()?;
            Some(Selected { object, need: self.need(*record) })
        })
    }

    fn need(&self, record: Scratch) -> Option<Need<'o>> {
        let (wanted, by) = split(record.word);
        let symbol = self.index.name_of(wanted.checked_sub(1)?)?;
        let by = by.checked_sub(1).and_then(|at| self.order.get(at as usize));
        Some(Need { symbol, by: by.and_then(|record| self.index.object_name(record.low)) })
    }
}
