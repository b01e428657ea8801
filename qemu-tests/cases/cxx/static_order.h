#include "../include/case.h"

static inline void speak(const char *line) {
    size_t length = 0;
    while (line[length] != 0)
        length++;
    kernel_write(line, length);
    kernel_write("\n", 1);
}

struct Speaker {
    const char *farewell;
    Speaker(const char *greeting, const char *farewell) : farewell(farewell) { speak(greeting); }
    ~Speaker() { speak(farewell); }
};
