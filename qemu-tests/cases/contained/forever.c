//! limit: 300
//! expect: timed out
//! repeat: 2
// A loop without an end.
int main(void) {
    for (volatile int i = 0;; i++) {
    }
}
