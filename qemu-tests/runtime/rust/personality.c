/* The personality of Rust's frames, where they were compiled to unwind: as of C's, there is nothing to
 * catch in them, but there may be something to clean up. (Without the standard library nothing in Rust
 * catches: `catch_unwind` is the standard library's.) */
typedef int personality(int version, int actions, unsigned long exception_class, void *exception,
                        void *context);

personality __gcc_personality_v0;
personality rust_eh_personality;

int rust_eh_personality(int version, int actions, unsigned long exception_class, void *exception,
                        void *context) {
    return __gcc_personality_v0(version, actions, exception_class, exception, context);
}
