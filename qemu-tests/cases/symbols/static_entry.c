//! flags: -O0
//! refused: entry; main
// A local `main` is nobody else's.
__attribute__((used)) static int main(void) { return 0; }
