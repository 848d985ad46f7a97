import json
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import json, resource, sys
import numpy as np
from scene3d.engine.memory import keep_freed_memory

def faults_of_reuse():
    np.ones(8 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = faults_of_reuse()
keep_freed_memory()
print(json.dumps([usual, faults_of_reuse()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc")
def test_freed_memory_is_used_again_without_the_kernel() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS], capture_output=True, text=True, check=True
    )
    usual, kept = json.loads(done.stdout)
    assert kept < 10
    assert usual > 20
