// Thread-local variables of every kind: initialised, zero, static, aligned, another object's, with
// a pointer in the image, and offsets into them.
struct pair { long first, second; };

__thread int initialised = 7;
__thread long zero[600];
__thread int *pointer_in_image = 0;
static __thread struct pair own = { 1, 2 };
static __thread char aligned_zero[8] __attribute__((aligned(64)));
#ifdef OWN_ONLY // What another module has lies in no block of this one.
static
#else
extern
#endif
__thread struct pair outside;
int target;
__thread int *relocated_image = &target;

int *address_of_initialised(void) { return &initialised; }
long get_zero(long at) { return zero[at] + zero[599]; }
long get_own(void) { return own.second + own.first++; }
void set_outside(long value) { outside.second = value; }
long *outside_second(void) { return &outside.second; }
char first_aligned(void) { return aligned_zero[3]++; }
int follow(void) { return *relocated_image + (pointer_in_image == 0); }
short low_half(void) { return (short)initialised; }
__int128 both(void) { return *(__int128 *)&own; }
