__attribute__((weak)) int version = 2;
__attribute__((weak)) int which(void) { return 2; }
int *second_version(void) { return &version; }
