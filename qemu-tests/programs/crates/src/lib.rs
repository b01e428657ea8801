//! Three crates, unmodified: expressions are searched for, data is compressed and restored, JSON is read and
//! written. What comes of it is printed by a function that C lends.

#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use regex::{Captures, Regex};
use serde_json::{Value, json};

mod system;

/// What prints: bytes, and how many.
type Print = extern "C" fn(*const u8, usize);

/// Prints as the caller likes.
struct Printer(Print);

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        (self.0)(text.as_ptr(), text.len());
        Ok(())
    }
}

/// Has all crates do something; 0 if it went well.
#[unsafe(no_mangle)]
pub extern "C" fn crates_run(print: Print) -> i32 {
    let out = &mut Printer(print);
    let results = [expressions(out), compression(out), values(out)];
    results.iter().filter(|result| result.is_err()).count() as i32
}

/// `regex`: captures, alternatives, Unicode classes, replacement; and what is no expression.
fn expressions(out: &mut Printer) -> fmt::Result {
    const TEXT: &str =
        "R_AARCH64_CALL26 283, R_RISCV_CALL_PLT 19, R_X86_64_PLT32 4; Größe: 12, Ω≈3, naïve café";
    let expressions = [
        r"R_(?P<machine>[A-Z0-9]+?(?:_64)?)_(?P<name>[A-Z_0-9]+) (?P<number>\d+)",
        r"\b\p{Lu}\p{Ll}+",
        r"[[:alpha:]]+\s?[≈=]\s?(\d)",
        r"(?i)\b(na.ve|CAFÉ)\b",
        r"(a|aa|aaa)*$",
        r"(?x) (\w) (\w) [0-9]{2,} # two letters",
    ];
    for expression in expressions {
        let regex = Regex::new(expression).map_err(|_| fmt::Error)?;
        writeln!(out, "{expression}: {} groups", regex.captures_len())?;
        for found in regex.captures_iter(TEXT) {
            let parts = found.iter().flatten().map(|part| (part.start(), part.as_str()));
            writeln!(out, "  {:?}", parts.collect::<Vec<_>>())?;
        }
    }
    let number = Regex::new(r"\d+").map_err(|_| fmt::Error)?;
    let doubled = |found: &Captures<'_>| {
        let value: u64 = found[0].parse().unwrap_or_default();
        let mut text = String::new();
        let _ = write!(text, "<{}>", value * 2); // writing to a string cannot fail
        text
    };
    writeln!(out, "{}", number.replace_all(TEXT, doubled))?;
    for damaged in ["(", "[z-a]", "a{3,1}", r"\p{None}"] {
        match Regex::new(damaged) {
            Ok(_) => return Err(fmt::Error),
            Err(error) => writeln!(out, "{error}")?,
        }
    }
    // A long text, of which every part might be the beginning.
    let long = "ab".repeat(20_000) + "c";
    let found = Regex::new("(?:ab)+c|b+d").map_err(|_| fmt::Error)?;
    let found = found.find(&long).map(|found| found.range());
    writeln!(out, "{found:?}")
}

/// `miniz_oxide`: compressed at several levels, restored, and damaged.
fn compression(out: &mut Printer) -> fmt::Result {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    let plain: Vec<u8> = (0..300_000_u32)
        .map(|at| if at / 5_000 % 2 == 0 { (next() % 7) as u8 } else { (at / 3) as u8 })
        .collect();
    writeln!(out, "{} bytes, {:016x}", plain.len(), hash(&plain))?;
    for level in [0, 1, 6, 9, 10] {
        let mut packed = compress_to_vec_zlib(&plain, level);
        writeln!(out, "level {level}: {} bytes, {:016x}", packed.len(), hash(&packed))?;
        if decompress_to_vec_zlib(&packed).ok().as_ref() != Some(&plain) {
            return Err(fmt::Error);
        }
        let at = packed.len() / 2;
        packed[at] ^= 0x10;
        match decompress_to_vec_zlib(&packed) {
            Ok(_) => return Err(fmt::Error),
            Err(error) => writeln!(out, "damaged: {error}")?,
        }
    }
    Ok(())
}

/// `serde_json`: read, changed, written; numbers keep their digits.
fn values(out: &mut Printer) -> fmt::Result {
    let text = r#"{"name": "loader \u00e9\ud83d\ude00", "sizes": [1, -2, 3.25, 1e300, 0.1, 5e-324, 18446744073709551615],
        "nested": {"deep": [[[null, true]]]}, "empty": {}}"#;
    let mut value: Value = serde_json::from_str(text).map_err(|_| fmt::Error)?;
    value["nested"]["added"] = json!({ "list": [1.5, "two", null], "third": 1.0 / 3.0 });
    writeln!(out, "{value}")?;
    writeln!(out, "{value:#}")?;
    writeln!(out, "{:?}", value.pointer("/nested/deep/0/0/1"))?;
    let sum: f64 = value["sizes"].as_array().into_iter().flatten().filter_map(Value::as_f64).sum();
    writeln!(out, "{sum:e}, {:016x}", sum.to_bits())?;
    for damaged in ["{", "[1,]", "\"\\q\"", "{\"a\" 1}", "1e999", "nul", "[\"\u{1}\"]"] {
        match serde_json::from_str::<Value>(damaged) {
            Ok(_) => return Err(fmt::Error),
            Err(error) => writeln!(out, "{damaged:?}: {error}")?,
        }
    }
    // Many values, there and back.
    let many: Vec<Value> = (0..2_000_u32)
        .map(|n| json!({ "n": n, "root": f64::from(n) / 8.0, "text": "x" }))
        .collect();
    let written = serde_json::to_string(&many).map_err(|_| fmt::Error)?;
    let again: Vec<Value> = serde_json::from_str(&written).map_err(|_| fmt::Error)?;
    if again != many {
        return Err(fmt::Error);
    }
    writeln!(out, "{} bytes, {:016x}", written.len(), hash(written.as_bytes()))
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
