import subprocess
import sys

import pytest

STEPS = """
import resource, sys, torch
from torch import nn
from empirical.training.memory import reuse_freed_memory
if sys.argv[1] == "reuse":
    assert reuse_freed_memory()
layer = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
images = torch.rand(256, 3, 32, 32)
for step in range(6):
    if step == 3:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    layer(images).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_training_steps_use_the_memory_of_the_step_before() -> None:
    """Pages that the system has to clear first, in three steps whose activations take 32 MiB each."""

    def first_touches(mode: str) -> int:
        run = subprocess.run([sys.executable, "-c", STEPS, mode], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert first_touches("reuse") < first_touches("plain") / 4
