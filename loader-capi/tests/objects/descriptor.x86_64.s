leaq variable@TLSDESC(%rip), %rax
call *variable@TLSCALL(%rax)
