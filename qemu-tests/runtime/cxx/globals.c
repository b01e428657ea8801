/* The exceptions that are being handled. libsupc++ has them for each thread; programs here have one,
 * and the runtime no thread-local variables. */
struct globals {
    void *caught;
    unsigned uncaught;
};

static struct globals globals;

struct globals *__cxa_get_globals(void) {
    return &globals;
}

struct globals *__cxa_get_globals_fast(void) {
    return &globals;
}
