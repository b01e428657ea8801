//! C++ as templates make it: thousands of functions, variables and classes that any other object may
//! have as well, each in a COMDAT group.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// How many instances there are of each template: 7,000 groups come of it.
const INSTANCES: usize = 1000;

/// The object, compiled for the machine that `compiler` compiles for.
///
/// # Errors
/// It does not compile.
pub fn object(compiler: &Path, flags: &[&str]) -> Result<PathBuf> {
    super::generated("groups.cc", compiler, flags, &source(INSTANCES))
}

/// A class with a virtual function (a table, type information, its name, two functions), a function,
/// and a variable in it that keeps its value, of each number; and what needs them all.
fn source(instances: usize) -> String {
    let mut text = String::from(
        "struct shape {\n    virtual int area(int) const = 0;\n};\n\n\
         template <int N> struct square final : shape {\n    int side = N;\n    \
         __attribute__((noinline)) square(int more) { side += more; }\n    \
         int area(int) const override;\n};\n\n\
         template <int N> __attribute__((noinline)) int count(int value) {\n    \
         static int calls;\n    return calls += value ^ N;\n}\n\n\
         template <int N> int square<N>::area(int value) const {\n    \
         return side * side + count<N>(value);\n}\n\n\
         int sum(const shape &, int);\n\n",
    );
    // One function of all would take the compiler very long.
    const EACH: usize = 50;
    for first in (0..instances).step_by(EACH) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "int sum_from_{first}(int value) {{\n    int all = 0;");
        for number in first..instances.min(first + EACH) {
            let _ = writeln!(text, "    all += sum(square<{number}>(value), all);");
        }
        text.push_str("    return all;\n}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_instance_is_used_once() {
        let source = super::source(120);
        for number in [0, 49, 50, 119] {
            assert_eq!(source.matches(&format!("square<{number}>(value)")).count(), 1);
        }
        assert_eq!(source.matches("int sum_from_").count(), 3);
        assert!(!source.contains("square<120>"));
    }
}
