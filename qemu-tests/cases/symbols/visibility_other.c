__attribute__((visibility("hidden"))) int hidden_function(int x) { return x + 10; }
__attribute__((visibility("hidden"))) int hidden_data = 12;
__attribute__((visibility("protected"))) int protected_function(int x) { return x + 30; }
__attribute__((visibility("protected"))) int protected_data = 14;
