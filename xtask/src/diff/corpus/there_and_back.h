/* Calls, or jumps, forth and back over `bytes` bytes and some calls that get shorter. */
    .macro there_and_back how, bytes, calls
    \how .Lthere\@
    .rept \calls
    call near
    .endr
    .skip \bytes
.Lthere\@:
    \how .Lthere\@
.Lback\@:
    .rept \calls
    call near
    .endr
    .skip \bytes
    \how .Lback\@
    .endm
