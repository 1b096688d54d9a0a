"""Plain NumPy forms of what the harness does with TensorFlow, the judges of it."""
