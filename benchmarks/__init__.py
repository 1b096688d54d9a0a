"""How fast the package is, against the plain way measured in the same run."""
