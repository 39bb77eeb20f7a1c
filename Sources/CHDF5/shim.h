// HDF5 as installed by the system, and what its macros hide from Swift.
#include <hdf5.h>
#include <stdlib.h>

static inline hid_t CHDF5NativeDouble(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t CHDF5CString(void) { return H5T_C_S1; }
static inline unsigned CHDF5ReadWrite(void) { return H5F_ACC_RDWR; }

// HDF5 locks files that it writes, which are locked already (`FileLock`), and fails on disks that know no locks. It
// looks at this when it begins.
static inline void CHDF5WithoutLocks(void) { setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0); }
