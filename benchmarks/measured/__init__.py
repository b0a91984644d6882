"""What runs inside a measured process: switches that undo a cut."""
