/* Static variables inside functions, initialised once. With one thread a guard is its first
 * byte: 0 until the variable is initialised. */
int __cxa_guard_acquire(unsigned char *guard) {
    return *guard == 0;
}

void __cxa_guard_release(unsigned char *guard) {
    *guard = 1;
}

void __cxa_guard_abort(unsigned char *guard) {
    (void)guard;
}
