/* Leaving a program: the handlers of atexit and of C++ destructors, then the kernel.
 *
 * picolibc's own exit walks .fini_array by symbols of a linker script. Here the loader hands
 * those lists to the kernel, which calls __runtime_finish before it walks them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel.h"

struct handler {
    void (*function)(void *);
    void *argument;
    void *module; /* the __dso_handle that it was registered with */
};

/* Handlers in the order of registration: the first 32 (what C promises) need no heap. */
enum { BLOCK = 32 };
struct block {
    struct block *older;
    size_t used;
    struct handler handlers[BLOCK];
};

static struct block first;
static struct block *newest = &first;

int __cxa_atexit(void (*function)(void *), void *argument, void *module) {
    if (newest->used == BLOCK) {
        struct block *block = malloc(sizeof *block);
        if (block == NULL)
            return -1;
        block->older = newest;
        block->used = 0;
        newest = block;
    }
    newest->handlers[newest->used++] = (struct handler){ function, argument, module };
    return 0;
}

/* A handler of atexit, called as one of __cxa_atexit. */
static void call_plain(void *function) {
    ((void (*)(void))function)();
}

int atexit(void (*function)(void)) {
    return __cxa_atexit(call_plain, (void *)function, NULL);
}

/* Takes the newest handler off the list, so that it runs once whatever it does itself. */
static int take(struct handler *handler) {
    while (newest->used == 0) {
        if (newest == &first)
            return 0;
        struct block *empty = newest;
        newest = empty->older;
        free(empty);
    }
    *handler = newest->handlers[--newest->used];
    return 1;
}

static int same_module(const struct handler *handler, void *module) {
    return handler->function != NULL && handler->module == module;
}

void __cxa_finalize(void *module) {
    struct handler handler;
    if (module == NULL) {
        while (take(&handler))
            if (handler.function != NULL)
                handler.function(handler.argument);
        return;
    }
    for (struct block *block = newest; block != NULL; block = block->older)
        for (size_t i = block->used; i-- > 0;)
            if (same_module(&block->handlers[i], module)) {
                handler = block->handlers[i];
                block->handlers[i].function = NULL;
                handler.function(handler.argument);
            }
}

/* Present where the program writes through stdio, which is then what must be flushed. */
extern FILE *const stdout __attribute__((weak));
extern int fflush(FILE *) __attribute__((weak));

/* What exit does before it leaves. The kernel calls it when `main` has returned, and again
 * after it has run the program's .fini_array; any number of calls is right. */
void __runtime_finish(void) {
    __cxa_finalize(NULL);
    if (&stdout != NULL && fflush != NULL)
        fflush(stdout);
}

_Noreturn void exit(int code) {
    __runtime_finish();
    kernel_exit(code);
}

_Noreturn void _exit(int code) {
    kernel_exit(code);
}
