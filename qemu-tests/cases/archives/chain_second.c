int second(int value) { return value + 10; }
