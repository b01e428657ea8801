__attribute__((section("data_of_mine"))) int other_data = 11;
__attribute__((section("code_of_mine"), noinline)) int other_code(int x) { return x + other_data; }
