/* abort: a handler of SIGABRT has its say, what was printed is shown, the program ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"

extern FILE *const stdout __attribute__((weak));
extern int fflush(FILE *) __attribute__((weak));

_Noreturn void abort(void) {
    void (*handler)(int) = signal(SIGABRT, SIG_DFL);
    if (handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR)
        handler(SIGABRT);
    if (&stdout != NULL && fflush != NULL)
        fflush(stdout);
    kernel_abort();
}
