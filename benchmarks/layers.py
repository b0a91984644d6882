"""The folders that a function finds in Lambda, made from this machine's bench environment.

As `sam build` makes them: the locked third-party packages, the payhub package, the functions, each
with bytecode. What only the runtime and the references need lies apart.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

from local.settings import REPOSITORY

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_KEPT = re.compile(r"^KEPT_SERVICES = (.+)$", re.MULTILINE)
_INSIDE = REPOSITORY / "benchmarks"
"""Of which two packages run inside the measured processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Folders for a process's path; `python` is the interpreter that runs them."""

    python: str
    functions: Path
    payhub: Path
    dependencies: Path
    extras: Path

    @property
    def path(self) -> tuple[Path, ...]:
        """The order in which Lambda looks: the function, its layers, the runtime."""
        return self.functions, self.payhub, self.dependencies, self.extras


def build(folder: Path, python: str) -> Layers:
    """Copy and compile. Raises ValueError where the environment and the layer's lock differ."""
    site_packages = Path(_output(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    layers = Layers(
        python=python,
        functions=folder / "functions",
        payhub=folder / "payhub",
        dependencies=folder / "dependencies",
        extras=folder / "extras",
    )
    locked = _locked()
    for distribution in distributions(path=[str(site_packages)]):
        name = _plain(distribution.metadata["Name"])
        wanted = locked.pop(name, None)
        if wanted not in (None, distribution.version):
            raise ValueError(f"{name} is {distribution.version} here and {wanted} in the layer")
        if name != "pip":
            _copy(distribution, layers.extras if wanted is None else layers.dependencies)
    if locked:
        raise ValueError(f"the bench environment lacks {', '.join(sorted(locked))}")
    _copy_source(REPOSITORY / "functions", layers.functions)
    _copy_source(REPOSITORY / "layers" / "payhub" / "payhub", layers.payhub / "payhub")
    inside = layers.extras / _INSIDE.name
    for part in ("references", "measured"):
        _copy_source(_INSIDE / part, inside / part)
    shutil.copyfile(_INSIDE / "__init__.py", inside / "__init__.py")
    subprocess.run(
        [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)],
        check=True,
    )
    shutil.copytree(layers.dependencies, untrimmed(layers).dependencies)
    _trim(layers.dependencies)
    return layers


def without_bytecode(layers: Layers, folder: Path) -> Layers:
    """A copy of the layers as pip leaves them. The runtime's own part keeps its bytecode."""
    bare = replace(
        layers,
        functions=folder / "functions",
        payhub=folder / "payhub",
        dependencies=folder / "dependencies",
    )
    for full, target in zip(layers.path[:3], bare.path[:3], strict=True):
        shutil.copytree(full, target, ignore=shutil.ignore_patterns("__pycache__"))
    return bare


def kept_services() -> list[str]:
    """The services whose data the layer's Makefile leaves in botocore."""
    found = _KEPT.search((REPOSITORY / "layers" / "dependencies" / "Makefile").read_text())
    assert found is not None
    return found[1].split()


def untrimmed(layers: Layers) -> Layers:
    """The same with botocore's data whole, as everybody else has it."""
    return replace(layers, dependencies=layers.dependencies.with_name("untrimmed"))


def _trim(dependencies: Path) -> None:
    """As the layer's Makefile does."""
    kept = kept_services()
    for folder in (dependencies / "botocore" / "data").iterdir():
        if folder.is_dir() and folder.name not in kept:
            shutil.rmtree(folder)


def version_of(python: str) -> str:
    """The interpreter's version, `3.13.0`."""
    return _output(python, "import platform; print(platform.python_version())")


def _locked() -> dict[str, str]:
    text = (REPOSITORY / "layers" / "dependencies" / "requirements.txt").read_text()
    return {_plain(name): version for name, version in _LOCKED.findall(text)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _copy(distribution: Distribution, target: Path) -> None:
    for file in distribution.files or ():
        source = Path(str(distribution.locate_file(file)))
        inside = ".." not in file.parts and "__pycache__" not in file.parts
        if inside and source.is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / file)


def _copy_source(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "Makefile"))


def _output(python: str, program: str) -> str:
    done = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()
