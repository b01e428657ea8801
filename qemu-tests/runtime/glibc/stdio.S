/* Functions of stdio.h as glibc's headers name them in older programs and inline. */
#include "tail.h"

ALIAS(_IO_getc, getc)
ALIAS(_IO_putc, putc)
ALIAS(__getdelim, getdelim)
