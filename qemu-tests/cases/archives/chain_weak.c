int never(void) { return 1; }
