"""`python -m tests.faults matrix --runs 25`: break the service on purpose, and look at the rows."""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.environment import prepare

COMMANDS = ("matrix", "crowd", "soak", "control", "recovery")


def main() -> int:
    """Prepare the environment, then leave the rest to what needs Django."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--runs", type=int, default=25, help="per kill point")
    parser.add_argument("--kind-runs", type=int, help="per fault kind; two fifths of --runs")
    parser.add_argument("--only", nargs="*", default=[], help="kill points and fault kinds")
    parser.add_argument("--engine", choices=("stub", "real"), default="stub")
    parser.add_argument("--jobs", type=int, default=1000, help="of the crowd")
    parser.add_argument("--workers", type=int, default=10, help="of the crowd")
    parser.add_argument("--zombies", type=int, default=50, help="after the crowd")
    parser.add_argument("--minutes", type=float, default=120, help="of the soak")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="scene3d-faults-"))
    prepare(folder, engine=arguments.engine)
    from tests.faults import commands  # noqa: PLC0415  # Django is set up only now

    code = 1
    try:
        code = commands.run(arguments, folder)
    finally:
        if code:
            sys.stdout.write(f"what is left lies in {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
