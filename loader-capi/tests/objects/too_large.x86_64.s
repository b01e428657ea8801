.bss
.skip 5 << 30
