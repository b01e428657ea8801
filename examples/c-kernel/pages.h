/* Pages for modules, and the memory manager that hands them out. */
#ifndef PAGES_H
#define PAGES_H

#include "loader.h"

struct loader_memory_manager pages_manager(void);
unsigned pages_used(void);

#endif
