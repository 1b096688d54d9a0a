"""The commands of `nb101train`, each in a file with its options, its help text and what it does."""
