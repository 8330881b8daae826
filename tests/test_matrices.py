"""The functions of matrices that compiled code has of its own, against SciPy's."""

import numpy as np
import pytest
from numba import njit

from programs_kit import normal, spd
from srcad import matrices


@njit
def all_of_them(A, S, Q):
    """One function, since each would be compiled for itself."""
    factors, swaps = matrices.lu(A)
    values, vectors = matrices.eig(A)
    parts = matrices.expm(A), matrices.sqrtm(S), matrices.logm(S), matrices.sylvester(S, S, Q)
    return factors, swaps, values, vectors, parts


def test_compiled_as_scipy_has_them():
    A, S, Q = 2.0 * normal(4, 4), spd(4) + 0.3 * normal(4, 4), normal(4, 4, seed=1)
    got, want = all_of_them(A, S, Q), all_of_them.py_func(A, S, Q)
    for a, b in zip((*got[:4], *got[4]), (*want[:4], *want[4]), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    with pytest.raises(np.linalg.LinAlgError, match="complex"):
        all_of_them(A, -np.diag(np.arange(1.0, 5.0)), Q)
