.data
.quad there
.section .comment.far,"",@progbits
there: .byte 1
