.data
.quad variable
.section .tbss,"awT",@nobits
.type variable, @object
variable: .skip 8
