//! archive: libx.a undefined_member.c
//! flags: -O2
//! refused: resolve; libx.a(undefined_member.o), nobody_has_this
// A member that was taken needs what nobody has.
int member(void);
int main(void) { return member(); }
