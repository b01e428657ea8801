//! limit: 300
//! expect: timed out at +wait+0x
// An initialiser that does not return.
__attribute__((constructor)) static void wait(void) {
    for (volatile int i = 0;; i++) {
    }
}

int main(void) { return 0; }
