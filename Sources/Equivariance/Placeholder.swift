// Equivariance
