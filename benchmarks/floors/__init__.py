"""The plain way: small kernels that the package has to beat, compiled when they are first used."""
