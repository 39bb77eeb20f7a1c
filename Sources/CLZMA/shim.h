// liblzma as installed by the system.
#include <lzma.h>
