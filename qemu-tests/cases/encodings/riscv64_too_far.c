//! arch: riscv64; one file per instruction set
//! with: riscv64_limits_code.S
//! flags: -DBEYOND=1 | -DBEYOND=2 | -DBEYOND=3 | -DBEYOND=4 | -DBEYOND=5 | -DBEYOND=6 | -DBEYOND=7
//! flags: -DBEYOND=8 | -DBEYOND=9 | -DBEYOND=10 | -DBEYOND=11 | -DBEYOND=12
//! refused: resolve; riscv64_limits_code.o, is not within
// The same fields, each in its turn with a value one step too large.
int main(void) { return 0; }
