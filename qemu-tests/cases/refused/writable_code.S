//! flags:
//! refused: plan; .both, writable and executable
// A section that is both writable and executable has no place to go.
        .section .both, "awx", %progbits
        .globl main
main:
        ret
        .section .note.GNU-stack, "", %progbits
