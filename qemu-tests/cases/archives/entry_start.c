int answer(void);
int start(void) { return answer() - 42; }
