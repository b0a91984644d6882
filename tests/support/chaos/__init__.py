"""Concurrent callers on a real stack whose processes are killed at random, then both books."""
