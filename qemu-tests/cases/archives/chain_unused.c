#include "../include/case.h"

void nobody_has_this(void);
__attribute__((constructor)) static void start(void) {
    SAY("unused is there");
    nobody_has_this();
}
int unused(void) { return 1; }
