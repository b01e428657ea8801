#include "start_stop.h"

int more_between[5] = { 1, 2, 3, 4, 5 };

ENTRY(second, 3);
CONSTANT(two, 13);
CONSTANT(three, 17);
ZERO(there);
__attribute__((used, section("mixed"))) static int writable = 200;

extern struct entry __start_table[], __stop_table[];

struct entry *other_start(void) { return __start_table; }
struct entry *other_stop(void) { return __stop_table; }
