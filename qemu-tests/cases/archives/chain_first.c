#include "../include/case.h"

int third(int value);

static int added;
__attribute__((constructor)) static void start(void) {
    SAY("first is there");
    added = 1;
}
int first(int value) { return third(value) + added; }
