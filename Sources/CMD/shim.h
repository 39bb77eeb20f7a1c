// SHA-256 of libmd, which Package.swift links statically: libapus carries its own copy and meets no other in its host.
#include <sys/types.h>
#include <sha2.h>
