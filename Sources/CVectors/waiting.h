#include <sched.h>

// What a thread that waits in a loop tells its core, so that the core's other thread gets on.
static inline void apus_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Lets another thread have this core.
static inline void apus_yield(void) { sched_yield(); }
