// netCDF-C as installed by the system.
#include <netcdf.h>
