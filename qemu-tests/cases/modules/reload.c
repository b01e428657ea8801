//! task: reload
//! with: counter_1.c counter_2.c counter_3.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding | -O2 -fPIC -ffunction-sections -ffreestanding
// A module that is linked to one with state, of which other versions come.
#include "module.h"

MODULE(user, 1)
LOADER_DEPENDS("counter", 1, 0, 0, 3, 0, 0);

int counter_value(int x);

int user_value(int x) { return counter_value(x); }
