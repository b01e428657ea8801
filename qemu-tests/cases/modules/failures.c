//! task: failures
//! with: base.c middle.c top.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding | -O2 -fPIC -ffunction-sections -ffreestanding
// The memory manager fails at each of its calls in turn: nothing is left behind, whatever was asked.
#include "tiny.h"
