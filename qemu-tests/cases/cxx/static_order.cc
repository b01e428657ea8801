//! with: static_order_other.cc
//! output: 101: other
//! output: 200: this
//! output: 300: other
//! output: plain: this
//! output: plain: other
//! output: main
//! output: end of plain: other
//! output: end of plain: this
//! output: end of 300: other
//! output: end of 200: this
//! output: end of 101: other
// Constructors of static objects run by priority across objects, then in the order of the
// objects; destructors run in exactly the reverse order.
#include "static_order.h"

static Speaker plain("plain: this", "end of plain: this");
__attribute__((init_priority(200))) Speaker early("200: this", "end of 200: this");

int main() {
    SAY("main");
    return 0;
}
