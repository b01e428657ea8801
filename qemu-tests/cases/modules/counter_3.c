// A version that has no `counter_total` for others to see.
#include "module.h"

MODULE(counter, 3)

static int total;

int counter_value(int x) { return total += x; }
