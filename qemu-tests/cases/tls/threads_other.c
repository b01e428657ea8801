struct pair { long first, second; };
__thread struct pair outside = { 10, 20 };
struct pair *outside_there(void) { return &outside; }
