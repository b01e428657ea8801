//! Objects from the compilers that are at hand, loaded whole and then damaged; where there is no
//! compiler there is nothing to do.

use std::path::Path;
use std::process::{Command, Stdio};

use loader_core::{DebugSections, Name, PlanOptions, TargetAddress};

use super::Nothing;
use crate::support::TestManager;
use crate::support::load::{run, run_with};
use crate::support::random::Random;

const SOURCE: &str = r#"
extern int printf(const char *, ...);
extern int external __attribute__((weak));
extern void maybe(void) __attribute__((weak));
int common[100];
static int zero;
int data = 42;
int *pointer = &data;
const char *const names[] = { "one", "two", "three" };
__attribute__((constructor)) static void start(void) { data++; }
__attribute__((destructor)) static void stop(void) { zero--; }
static int helper(int n) { return n < 2 ? n : helper(n - 1) + helper(n - 2); }
int choose(int n) {
    switch (n) {
    case 0: return printf("%s\n", names[0]);
    case 1: return helper(20);
    case 2: return data + common[3];
    case 3: return *pointer;
    case 4: return zero++;
    case 5: if (maybe) maybe(); return 5;
    case 6: return &external ? external : 7;
    default: return (int)(n * 1.5);
    }
}
"#;

const COMPILERS: [&str; 3] = ["cc", "aarch64-linux-gnu-gcc", "riscv64-linux-gnu-gcc"];
const OPTIONS: [&[&str]; 3] =
    [&["-O2", "-fno-pic"], &["-O0", "-fPIC", "-g"], &["-O2", "-ffunction-sections", "-fcommon"]];

/// The object that a compiler makes of `SOURCE`; `None` where it is not there or will not.
fn compile(compiler: &str, options: &[&str], tag: usize) -> Option<Vec<u8>> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, object) = (
        directory.join(format!("{compiler}-{tag}.c")),
        directory.join(format!("{compiler}-{tag}.o")),
    );
    std::fs::write(&source, SOURCE).unwrap();
    let status = Command::new(compiler)
        .args(options)
        .arg("-c")
        .arg("-o")
        .arg(&object)
        .arg(&source)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !status.ok()?.success() {
        return None;
    }
    let bytes = std::fs::read(object).ok()?;
    // Another host's own compiler may be for a machine that is not loaded for.
    bytes.starts_with(b"\x7fELF\x02\x01").then_some(bytes)
}

/// Every import but the weak ones is here.
fn resolve(name: Name<'_>) -> Option<TargetAddress> {
    (!matches!(name.as_bytes(), b"external" | b"maybe")).then_some(0x1080_0000.into())
}

#[test]
fn loaded_whole_and_damaged() {
    for compiler in COMPILERS {
        for (tag, options) in OPTIONS.into_iter().enumerate() {
            let Some(good) = compile(compiler, options, tag) else { continue };
            run(&[("good.o", &good)], &TestManager::new(), &resolve, |loaded| {
                let module =
                    loaded.unwrap_or_else(|error| panic!("{compiler} {options:?}: {error}"));
                assert!(module.symbol("choose").is_some());
                assert_eq!((module.initialisers().count(), module.finalisers().count()), (1, 1));
            });
            let mut random = Random(tag as u64);
            for _ in 0..300 {
                let mut damaged = good.clone();
                random.bytes(&mut damaged);
                let manager = TestManager::new();
                let mut asked = PlanOptions::default();
                asked.debug = DebugSections::All;
                let files = [("damaged.o", &*damaged)];
                run_with(&files, &manager, asked, &resolve, &(), |loaded| {
                    let debug = TestManager::new();
                    let shown = loaded.and_then(|module| {
                        module.debug_images(&debug, &Nothing).map(|images| images.count())
                    });
                    if let Err(error) = shown {
                        assert!(!error.to_string().is_empty());
                    }
                });
                assert_eq!(manager.live(), 0);
            }
        }
    }
}
