"""What the functions cost beside what a user would pick instead: make bench."""
