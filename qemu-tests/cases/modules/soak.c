//! task: soak 200
//! with: base.c middle.c top.c big.c wide.c long.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding
//! output: 200 modules were loaded, called and unloaded
// Modules that come and go for long, big ones and small ones, some of which need others: each is
// called and returns what it should, and in the end the arenas are in one piece again.
#include "tiny.h"
