"""What must be settled before NumPy, Numba and JAX are imported: one thread, OpenBLAS's own choice of kernels, no verifying,
and caches that are empty, so that a first call is one. It is imported by what runs, never by what is imported."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings

for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SRCAD_VERIFY"):
    os.environ.pop(_name, None)
for _name in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

_folder = tempfile.mkdtemp(prefix="srcad-bench-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for _name in ("SRCAD_CACHE_DIR", "NUMBA_CACHE_DIR"):
    os.environ[_name] = _folder

warnings.filterwarnings("ignore", message=".*faster on contiguous arrays")  # that is how the programs are written
