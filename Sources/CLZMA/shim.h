// liblzma, which Package.swift links statically: libapus carries its own copy of the checksum and meets no other in its
// host.
#include <lzma.h>
