// libxml2, whose push parser takes a file piece by piece.
#include <libxml/xmlversion.h>
// ICU's headers, which no function used here needs, would meet those of Swift's Foundation.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
