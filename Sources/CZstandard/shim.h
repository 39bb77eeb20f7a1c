// libzstd as installed by the system.
#include <zstd.h>
