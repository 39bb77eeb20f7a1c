// HDF5 as installed by the system, and what its macros hide from Swift.
#include <hdf5.h>

static inline hid_t CHDF5NativeDouble(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t CHDF5CString(void) { return H5T_C_S1; }
static inline unsigned CHDF5ReadWrite(void) { return H5F_ACC_RDWR; }
