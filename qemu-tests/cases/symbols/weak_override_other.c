int chosen(void) { return 2; }
int setting = 20;
int other_chosen(void) { return chosen(); }
int other_setting(void) { return setting; }
