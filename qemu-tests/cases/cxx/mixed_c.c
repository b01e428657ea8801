int from_cxx(int x);
int from_c(int x) { return from_cxx(x) + 1; }
