int twice_defined(void) { return 1; }
