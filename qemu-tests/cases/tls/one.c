//! flags: -O2 | -O2 -fPIC | -O0 -fno-pic
// A thread-local variable of a program with one thread.
__thread int counter = 3;
int main(void) { return ++counter - 4; }
