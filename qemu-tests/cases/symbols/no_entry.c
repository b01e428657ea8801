//! flags: -O2
//! entry: no_such_entry
//! refused: entry; no_such_entry
// A program without the function that is to be called.
int main(void) { return 0; }
