"""Benchmarks of the package against plain ways to do the same work, measured in the same run."""
