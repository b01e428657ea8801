//! refused: resolve; missing_function
// A function that nobody defines: the error names it.
int missing_function(int x);
int main(void) { return missing_function(1) + 1; }
