//! refused: resolve; missing_data
// Data that nobody defines, named by other data.
extern int missing_data;
int *pointer = &missing_data;
int main(void) { return *pointer; }
