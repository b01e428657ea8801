//! manager: fixed
// Code cannot be written, data cannot be executed, and constants neither.
#include "permissions.h"
