/* strtol and its kin as glibc's headers name them for C23. */
#include "tail.h"

ALIAS(__isoc23_strtoimax, strtoimax)
ALIAS(__isoc23_strtol, strtol)
ALIAS(__isoc23_strtoll, strtoll)
ALIAS(__isoc23_strtoul, strtoul)
ALIAS(__isoc23_strtoull, strtoull)
ALIAS(__isoc23_strtoumax, strtoumax)
