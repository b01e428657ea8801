//! archive: libstart.a entry_start.c
//! entry: start
//! taken: libstart.a(entry_start.o) for `start`, the entry
// The entry is in an archive, and needs the object that nobody else does.
int answer(void) { return 42; }
