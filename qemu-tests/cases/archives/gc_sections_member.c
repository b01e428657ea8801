int nobody_has_this(void);
int used(void) { return 3; }
int unused(void) { return nobody_has_this(); }
