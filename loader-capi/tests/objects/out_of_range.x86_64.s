.globl code
code: movl $question, %eax
