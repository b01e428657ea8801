//! archive: libx.a
//! flags: -O2
// An archive without members.
int main(void) { return 0; }
