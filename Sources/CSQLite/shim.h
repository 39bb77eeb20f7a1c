// SQLite as installed by the system.
#include <sqlite3.h>
