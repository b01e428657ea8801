/* What a C++ object hands to __cxa_atexit to say which module it belongs to. */
void *__dso_handle = &__dso_handle;
