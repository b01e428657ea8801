int other_array[8] = {10, 20, 30, 40, 50, 60, 70, 80};
const char other_text[] = "the four";
int other_function(int x) { return x + 1000; }
