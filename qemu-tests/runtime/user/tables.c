/* gcc's unwinder, where a program has it for itself: in user mode, where the kernel's has no business. It
 * learns of all modules' tables before anything else runs. */
#include "kernel.h"

/* The kernel's, for user mode alone: the unwind tables of the modules that are loaded, by number; NULL
 * behind the last one. */
void *kernel_unwind_table(size_t index);

/* gcc's: a table that ends in a terminator. */
void __register_frame(void *table);

/* What it asks the C library of Linux for, about what it was not told of. */
int dl_iterate_phdr(int (*tell)(void *, size_t, void *), void *data);
int _dl_find_object(void *address, void *result);

__attribute__((constructor)) static void tell_of_tables(void) {
    for (size_t index = 0;; index++) {
        void *table = kernel_unwind_table(index);
        if (table == NULL)
            return;
        __register_frame(table);
    }
}

int dl_iterate_phdr(int (*tell)(void *, size_t, void *), void *data) {
    (void)tell, (void)data;
    return 0;
}

int _dl_find_object(void *address, void *result) {
    (void)address, (void)result;
    return -1;
}
