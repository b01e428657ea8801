int nobody_has_this(void);
int member(void) { return nobody_has_this(); }
