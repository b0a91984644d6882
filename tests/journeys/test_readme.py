"""The README's walk works as printed: its bash blocks are run, every status is the shown one."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from local.settings import REPOSITORY
from tests.support.stack import LocalStack

pytestmark = pytest.mark.journey

_TIMEOUT_SECONDS = 360
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_STATUS = re.compile(r"HTTP/1\.1 (\d{3})")  # not only at a line's start: bodies end without one
_MARK = "=== block"


@dataclass(frozen=True)
class Block:
    """Lines to paste, and what the page says they print."""

    script: str
    shown: str

    @property
    def statuses(self) -> list[str]:
        """The HTTP statuses that are shown."""
        return _STATUS.findall(self.shown)


def _blocks(text: str) -> list[Block]:
    """Every bash block, with the text block that follows it."""
    fences = _FENCED.findall(text)
    following = [*fences[1:], ("", "")]
    return [
        Block(script, after if language == "text" else "")
        for (kind, script), (language, after) in zip(fences, following, strict=True)
        if kind == "bash"
    ]


def _walk(blocks: list[Block], stack: LocalStack) -> list[str]:
    """Paste them into one shell, as a reader would; answers what each printed."""
    settings = stack.settings
    replaced = {
        "http://127.0.0.1:8080": settings.base_url,
        "http://127.0.0.1:8090": settings.sandbox_url,
        ".local/tenants.json": str(settings.tenants_file),
    }
    # Each command of a block must succeed, those in the middle of a pipe too.
    lines = ["set -euo pipefail"]
    for block in blocks:
        lines += [f"echo; echo '{_MARK}'", block.script]
    script = "\n".join(lines)
    for printed, real in replaced.items():
        assert printed in script, f"the README does not name {printed}"
        script = script.replace(printed, real)
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout.split(_MARK)[1:]


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """The README's blocks."""
    return _blocks((REPOSITORY / "README.md").read_text())


def test_every_curl_shows_its_answer(blocks: list[Block]) -> None:
    """As many statuses as curls with -i; the others prepare or wait."""
    assert len(blocks) > 5
    for block in blocks:
        shown = len(re.findall(r"^curl -i\b", block.script, re.MULTILINE))
        assert len(block.statuses) == shown, block.script


def test_the_walk_works_as_printed(blocks: list[Block], local_stack: LocalStack) -> None:
    """Every block ends well, and answers with the statuses and fields that the page shows."""
    if shutil.which("curl") is None:
        pytest.fail("the README needs curl")
    printed = _walk(blocks, local_stack)
    assert len(printed) == len(blocks)
    for block, output in zip(blocks, printed, strict=True):
        assert _STATUS.findall(output) == block.statuses, f"{block.script}\n{output}"
        for word in _words(block.shown):
            assert word in output.replace('": ', '":'), f"{word} is not in\n{output}"


def _words(shown: str) -> list[str]:
    """What the page shows of the answers and does not change from run to run."""
    names = "status|fault|action|success|problems/[a-z-]+"
    found = re.findall(rf'"(?:{names})": ?(?:"[\w]+"|\d+|null)', shown)
    found += re.findall(r'"type": ?"[^"]+"', shown)
    return [it.replace('": ', '":') for it in found]
