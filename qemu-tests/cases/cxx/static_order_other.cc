#include "static_order.h"

static Speaker plain("plain: other", "end of plain: other");
__attribute__((init_priority(300))) Speaker later("300: other", "end of 300: other");
__attribute__((init_priority(101))) Speaker first("101: other", "end of 101: other");
