"""Programs that run inside the sandbox, tried in fresh interpreters of every version at hand."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import gitops_healer

_ROOT = Path(gitops_healer.__file__).parents[1]


@cache
def pythons() -> tuple[str, ...]:
    """This interpreter, and others from 3.8 that are installed and start."""
    found = [sys.executable]
    for minor in (8, 9, 10, 12, 13, 14):
        path = shutil.which(f"python3.{minor}")
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.append(path)
    return tuple(found)


def answer_of(program: str, told: Any, python: str = sys.executable, folder: Path | None = None) -> Any:
    """What the program prints as JSON. It finds what it is told in `TOLD`; folder: from which it can import."""
    begin = f"import json, sys\nsys.path[:0] = {[str(_ROOT), *([str(folder)] if folder else [])]!r}\n"
    begin += "TOLD = json.loads(sys.stdin.readline())\n"
    command, text = [python, "-c", begin + program], json.dumps(told)
    environment = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
