#include "shared_initialiser.h"

int *other_member() { return &Holder<int>::member + (inline_member - 12); }
