int printf(const char *format, ...);
void say(int times) { printf("said %d times\n", times); }
