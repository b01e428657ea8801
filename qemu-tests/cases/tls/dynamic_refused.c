//! thread-locals: dynamic
//! flags: -O2 -fPIC -ftls-model=initial-exec | -O2 -fno-pic -ftls-model=local-exec
//! refused: resolve; the_variable, thread pointer
//! refused aarch64 gcc: resolve; thread pointer
//! holds aarch64: R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21
//! holds riscv64: R_RISCV_TLS_GOT_HI20 R_RISCV_TPREL_HI20
//! holds x86_64: R_X86_64_GOTTPOFF R_X86_64_TPOFF32
// Code that wants a fixed distance from the thread pointer, where the block has none. (gcc for
// AArch64 names the section's anchor instead of the variable.)
__thread int the_variable = 3;
int main(void) { return the_variable; }
