#include "text.h"

int middle_add(int x) { return x + 100; }
int middle_to_first(int x) { return first_add(x) * 2; }
int middle_to_last(int x) { return last_add(x) * 2; }
