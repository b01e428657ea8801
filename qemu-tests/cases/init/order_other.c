#include "../include/case.h"

__attribute__((constructor)) static void init(void) { SAY("init: other"); }
__attribute__((constructor(20000))) static void init_20000(void) { SAY("init 20000: other"); }
__attribute__((constructor(150))) static void init_150(void) { SAY("init 150: other"); }
__attribute__((constructor(150))) static void init_150b(void) { SAY("init 150: other, second"); }
__attribute__((destructor)) static void fini(void) { SAY("fini: other"); }
__attribute__((destructor(20000))) static void fini_20000(void) { SAY("fini 20000: other"); }
