//! flags: -O2 | -O2 -fPIC | -O0 -fno-pic
//! refused: plan; thread-local
// Thread-local variables are not supported yet, and that is what the error says.
__thread int counter = 3;
int main(void) { return ++counter - 4; }
