"""Runs a command that ends with its parent: python -m local.child COMMAND ARGUMENT..."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Ask the kernel for TERM when the parent dies (Linux), then become the command."""
    parent = int(os.environ.pop("PAYHUB_PARENT"))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
