"""Run every benchmark, one after the other, and write all tables of docs/results.md.

Real MNIST must be in data/ or in the folder that NNUTILS_DATA names, or be within reach.
"""

import subprocess
import sys

NAMES = ["conv2d", "mlp_torch", "mlp_numpy", "mnist_seeds", "notebooks"]

if __name__ == "__main__":
    for name in NAMES:
        print(f"\n{name}", flush=True)
        # A process each: what one has loaded or warmed up must not help the next.
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
