__attribute__((weak)) int version = 3;
__attribute__((weak)) int which(void) { return 3; }
int third_which(void) { return which(); }
