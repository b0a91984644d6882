"""How large the layers and the functions are, as `sam build` makes them."""

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.settings import REPOSITORY

_BUILDS = (
    ("Layer of third-party packages", "layers/dependencies", "build-DependenciesLayer"),
    ("Layer of the payhub package", "layers/payhub", "build-PayhubLayer"),
    ("Each function", "functions", "build-IssuePaymentFunction"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Bytes unpacked (Lambda allows 250 MB of all together) and zipped (as it is uploaded)."""

    name: str
    unpacked_bytes: int
    zipped_bytes: int


def packages() -> list[Package]:
    """Built for python3.13 on arm64 Linux, whatever this machine is."""
    return [_built(name, folder, target) for name, folder, target in _BUILDS]


def _built(name: str, folder: str, target: str) -> Package:
    with tempfile.TemporaryDirectory() as scratch:
        source, artifacts = Path(scratch) / "source", Path(scratch) / "artifacts"
        shutil.copytree(REPOSITORY / folder, source)
        artifacts.mkdir()
        command = ["make", "-C", str(source), target, f"ARTIFACTS_DIR={artifacts}"]
        subprocess.run([*command, f"PYTHON={sys.executable}"], check=True, stdout=sys.stderr)
        return Package(
            name=name, unpacked_bytes=size_bytes(artifacts), zipped_bytes=len(_zipped(artifacts))
        )


def size_bytes(folder: Path) -> int:
    """All files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()
