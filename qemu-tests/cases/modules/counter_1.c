// A module with state: the first version.
#include "module.h"

MODULE(counter, 1)

int counter_total;

int counter_value(int x) { return counter_total += x; }
