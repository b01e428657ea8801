//! task: teardown
//! with: base.c middle.c top.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding | -O2 -fPIC -ffunction-sections -ffreestanding
// A tree of modules goes at once, those first that nothing needs; this one is not in it and stays.
#include "tiny.h"
