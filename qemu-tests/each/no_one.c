// Needs what nobody has.
int nobody_has_this(void);

int main(void) { return nobody_has_this(); }
