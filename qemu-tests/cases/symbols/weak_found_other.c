int present_function(int x) { return 2 * x; }
int present_data = 9;
