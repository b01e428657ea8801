//! What modules and kernels say about themselves.

use core::fmt::Write;
use core::hint::black_box;

use loader_core::{
    Export, ExportTable, Metadata, MetadataError, Name, Object, Resolver, TargetAddress, Version,
    interface_hash,
};

use crate::Sink;

/// A kernel's exports, of which the compiler knows none.
pub fn exports() -> Option<TargetAddress> {
    let export = black_box(Export::new("a", core::ptr::null()));
    let entries = [export.in_namespace(black_box("b")).with_interface(black_box(1)), export];
    black_box((entries[0].namespace(), entries[0].interface()));
    ExportTable::new(black_box(&entries))?.resolve(Name::from(black_box("a")))
}

/// All that objects say about themselves.
pub fn metadata<'o>(objects: &[Object<'o>]) -> Result<(), MetadataError<'o>> {
    let metadata = Metadata::of(objects)?;
    black_box((metadata.name(), metadata.licence(), metadata.namespace()));
    let _ = black_box(write!(Sink, "{}", metadata.version()));
    for namespace in metadata.uses() {
        black_box(interface_hash(namespace));
    }
    for dependency in metadata.dependencies() {
        black_box(dependency.versions.contains(Version::new(1, black_box(2), 3)));
        let _ = black_box(write!(Sink, "{} {}", dependency.name, dependency.versions));
    }
    for parameter in metadata.parameters() {
        black_box((parameter.symbol, parameter.kind.size(), parameter.description));
        let _ = black_box(write!(Sink, "{}", parameter.kind));
    }
    for interface in metadata.interfaces() {
        black_box((interface.symbol, interface.hash));
    }
    Ok(())
}
