int second(int value);
int third(int value) { return second(value) + 100; }
