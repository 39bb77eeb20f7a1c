// SQLite, for the databases of ASE.
#include <sqlite3.h>
