//! limit: 300
//! expect: timed out at +main+0x
//! repeat: 2
// A loop without an end.
int main(void) {
    for (volatile int i = 0;; i++) {
    }
}
