"""Set-up of a host: virtual environment, pinned packages, npm packages, weights.

Needs Python's standard library alone. `python3 requirements/install.py offline` is what `make
setup` runs; `dev` adds what tests and checks need.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TORCH = "torch==2.13.0"
CPU_INDEX_VARIABLE = "SCENE3D_TORCH_INDEX"
MIN_PYTHON = (3, 11)
MIN_NODE = 20


def main(requirements: str) -> None:
    """Install everything; each step says what it does."""
    require_tools()
    make_environment()
    install_torch()
    say(f"Python packages: requirements/{requirements}.txt")
    pip("install", "--requirement", f"requirements/{requirements}.txt")
    say("npm packages: three, camera-controls, tus-js-client, uplot (10 MB)")
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    say("Weights of the networks (a download of 100 MB, the first time)")
    run(str(PYTHON), "manage.py", "fetch_models")


def require_tools() -> None:
    """Stop early, and say what to install."""
    if sys.version_info < MIN_PYTHON:
        give_up(f"Python {'.'.join(map(str, MIN_PYTHON))} or newer is needed.")
    if shutil.which("npm") is None:
        give_up(f"Node.js {MIN_NODE} or newer with npm is needed.")
    node = shutil.which("node") or "node"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < MIN_NODE:
        give_up(f"Node.js {MIN_NODE} or newer is needed; this is {version.strip()}.")


def make_environment() -> None:
    if not PYTHON.exists():
        say("Virtual environment: .venv")
        run(sys.executable, "-m", "venv", str(VENV))
        pip("install", "--upgrade", "pip")


def install_torch() -> None:
    """The CPU build where there is no NVIDIA GPU and an index has one; else the ordinary one."""
    is_there = subprocess.run([str(PYTHON), "-c", "import torch"], capture_output=True, check=False)
    if is_there.returncode == 0:
        return
    has_gpu = shutil.which("nvidia-smi") is not None
    index = os.environ.get(CPU_INDEX_VARIABLE)
    options = ["--extra-index-url", index] if index and not has_gpu else []
    say(f"PyTorch ({TORCH}): looking which build pip would take")
    packages = planned_packages(TORCH, *options)
    cuda = sorted(name for name in packages if name.startswith(("nvidia-", "cuda-")))
    if cuda:
        say(f"  the CUDA build with {len(cuda)} NVIDIA packages: about 3 GB to download")
        if not has_gpu:
            say(
                "  This machine shows no NVIDIA GPU. To take the CPU build (about 200 MB) instead,"
                f" stop with Ctrl-C and set {CPU_INDEX_VARIABLE} to PyTorch's index of CPU wheels;"
                " the README says where to find it."
            )
    else:
        say("  the CPU build: about 200 MB to download")
    pip("install", *options, TORCH)


def planned_packages(*arguments: str) -> list[str]:
    """Names of what pip would install, without installing it."""
    report = subprocess.run(
        [
            str(PYTHON), "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
            "--report", "-", *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if report.returncode != 0:
        give_up(f"pip finds no {TORCH} for this Python:\n{report.stderr.strip()}")
    return [item["metadata"]["name"] for item in json.loads(report.stdout)["install"]]


def pip(*arguments: str) -> None:
    run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments, "--quiet")


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, check=False)
    if result.returncode != 0:
        give_up(f"This command failed: {' '.join(command)}")


def say(words: str) -> None:
    print(words, flush=True)


def give_up(words: str) -> None:
    raise SystemExit(f"setup: {words}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "offline")
