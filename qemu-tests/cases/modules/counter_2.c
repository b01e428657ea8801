// The second version, which can be told by what it returns.
#include "module.h"

MODULE(counter, 2)

int counter_more = 1000;
int counter_total = -1;

int counter_value(int x) {
    counter_total += x;
    return counter_more + counter_total;
}
