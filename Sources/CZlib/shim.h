// zlib as installed by the system.
#include <zlib.h>
