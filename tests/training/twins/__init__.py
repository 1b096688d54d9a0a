"""Plain NumPy forms of what the harness does with TensorFlow. Tests compare the two."""
