//! flags: -O2 | -O2 -fPIC
//! refused: resolve; errno_of_another, undefined
// A thread-local variable that nobody has.
extern __thread int errno_of_another;
int main(void) { return errno_of_another; }
