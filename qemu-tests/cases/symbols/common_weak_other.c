__attribute__((weak)) int contested = 3;
int *other_contested(void) { return &contested; }
