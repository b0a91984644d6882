"""From trigger to command to operation to answer."""
