//! `cargo xtask link`: objects, linked for fixed addresses.

use std::process::ExitCode;

use anyhow::Result;
use comfy_table::Cell;

use crate::cli::LinkArgs;
use crate::link::{self, Output, Request};
use crate::show::{self, number};

/// Links, writes, and shows what was written.
///
/// # Errors
/// The request makes no sense, the objects cannot be linked so, or a file cannot be written.
pub fn run(args: &LinkArgs) -> Result<ExitCode> {
    let request = Request {
        files: args.files.clone(),
        places: args.place.clone(),
        defines: args.define.clone(),
        entry: args.entry.clone(),
        allow_undefined: args.allow_undefined,
        loader: args.loader,
    };
    let mut output = request.link()?;
    let map = args.map.clone().unwrap_or_else(|| args.out.join("map.json"));
    link::write(&mut output, &args.out, args.format, &map)?;
    show(&output);
    println!("map: {}", map.display());
    Ok(ExitCode::SUCCESS)
}

fn show(output: &Output) {
    let map = &output.map;
    let mut table = show::table(&["segment", ">address", ">bytes", "file"]);
    for segment in &map.segments {
        let name = match &segment.section {
            Some(section) => format!("{} ({section})", segment.kind),
            None => segment.kind.to_string(),
        };
        table.add_row([
            Cell::new(name),
            Cell::new(segment.address),
            Cell::new(number(segment.size)),
            Cell::new(&segment.file),
        ]);
    }
    println!("{table}");
    let deleted: u64 = map.deletions.iter().map(|deletion| deletion.bytes).sum();
    println!(
        "objects: {}    symbols: {}    GOT entries: {}    stubs: {}    bytes deleted: {}",
        map.objects.len(),
        map.symbols().count(),
        map.got.len(),
        map.stubs.len(),
        number(deleted)
    );
    if !map.undefined.is_empty() {
        let names = map.undefined.iter().map(ToString::to_string).collect();
        println!("undefined, taken for 0: {}", show::list(names));
    }
    if !map.resolvers.is_empty() {
        let names = map.resolvers.iter().map(|resolver| resolver.symbol.to_string()).collect();
        println!("to be resolved at start, see the map: {}", show::list(names));
    }
}
