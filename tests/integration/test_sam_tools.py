"""aws-sam-cli, in its own environment, accepts the template and builds it without Docker."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.template import load
from tests.support.template import REGION, REPOSITORY, source

SAM = REPOSITORY / ".venv-sam/bin/sam"
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers")

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a deployment is made from; the build leaves nothing in the repository."""
    assert SAM.exists(), "aws-sam-cli is missing; `make sam-check` installs it into .venv-sam"
    copy = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        original = REPOSITORY / name
        if original.is_dir():
            shutil.copytree(original, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(original, copy / name)
    return copy


@pytest.mark.parametrize("profile", ["default", "prod"])
def test_the_template_is_valid(tree: Path, profile: str) -> None:
    """`sam validate --lint`, with the profiles' own settings."""
    done = _sam(tree, "validate", "--lint", "--config-env", profile)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_template_is_built(tree: Path) -> None:
    """`sam build` leaves code for every function and layer where the built template points to."""
    done = _sam(tree, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    built = tree / ".aws-sam/build"
    template = load((built / "template.yaml").read_text())
    for name, resource in source()["Resources"].items():
        key = {
            "AWS::Serverless::Function": "CodeUri",
            "AWS::Serverless::LayerVersion": "ContentUri",
        }.get(resource["Type"])
        if key:
            folder = built / template["Resources"][name]["Properties"][key]
            assert list(folder.rglob("*.py")), f"{name}: nothing in {folder}"
    _assert_runs_on_lambda(built / "DependenciesLayer/python")
    assert (built / "PayhubLayer/python/payhub/__init__.py").exists()


def _assert_runs_on_lambda(layer: Path) -> None:
    """Compiled modules are those of python3.13 on arm64 Linux, whatever this machine is."""
    compiled = [path.name for path in layer.rglob("*.so")]
    assert compiled
    assert all("cpython-313-aarch64-linux" in name for name in compiled), compiled


def _sam(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run sam in the tree, without telemetry and without this environment's Python path."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**kept, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}
    command = [str(SAM), *arguments]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
