"""One verb per file: a command model and one function."""
