extern int shared;
int other(int x) { return x + shared; }
