//! harts: both
//! task: soak 100
//! with: ../modules/base.c ../modules/middle.c ../modules/top.c
//! with: ../modules/big.c ../modules/wide.c ../modules/long.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding
//! output: 100 modules were loaded, called and unloaded
// Both harts load and unload modules in one registry and the same arenas, each under its own names,
// and each looks for the other's all the while: it finds a module whole, or does not find it.
#include "../modules/tiny.h"
