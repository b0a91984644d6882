"""From trigger to command to operation to answer."""

from payhub import starting

starting.begin()
