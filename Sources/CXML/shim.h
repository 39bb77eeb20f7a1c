// libxml2, whose push parser takes a file piece by piece.
#include <libxml/parser.h>
