"""Zips of the functions and the layer, with bytecode so that a cold start need not compile."""

import hashlib
import importlib.util
import io
import py_compile
import tempfile
import zipfile
from pathlib import Path

# A fixed date: the same source makes the same zip, so an unchanged deployment is recognised.
_DATE = (2026, 1, 1, 0, 0, 0)


def package(folder: Path, below: str = "") -> bytes:
    """A zip of a folder's files, each under the given path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            name = f"{below}{path.relative_to(folder).as_posix()}"
            _add(archive, name, path.read_bytes())
            if path.suffix == ".py":
                _add(archive, importlib.util.cache_from_source(name), _bytecode(path, name))
    return buffer.getvalue()


def digest(content: bytes) -> str:
    """A short name for this content."""
    return hashlib.sha256(content).hexdigest()[:24]


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _bytecode(path: Path, name: str) -> bytes:
    # "Unchecked": each worker unpacks the zip anew, so the source's date says nothing.
    with tempfile.TemporaryDirectory() as scratch:
        compiled = Path(scratch) / "compiled.pyc"
        py_compile.compile(
            str(path),
            cfile=str(compiled),
            dfile=name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return compiled.read_bytes()
