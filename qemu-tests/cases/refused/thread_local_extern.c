//! flags: -O2 | -O2 -fPIC
//! refused: plan; thread-local
// Nor are those of others.
extern __thread int errno_of_another;
int main(void) { return errno_of_another; }
