//! manager: shared
// Code cannot be written, data cannot be executed, and constants neither, though all lie in one
// arena; and when another program comes, the same pages can be something else.
#include "permissions.h"
