"""The matrix factorization: one model, and solvers that all fit it in the same shape."""
