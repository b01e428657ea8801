/* Code that nothing has to change. */
int leaf(int number) { return 3 * number + 1; }
