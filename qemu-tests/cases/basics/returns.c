//! flags: -O2 | -O0
//! expect: returned -123456789
// All 32 bits of the result, the sign included, come back.
int main(void) {
    return -123456789;
}
