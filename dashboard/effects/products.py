"""Matrix products in pieces that the BLAS computes on one core.

A run, a server and a chart share two cores here. OpenBLAS splits any larger product over threads that wait for each
other: on a busy machine ten times slower than one core alone, and on a quiet one not faster at these sizes.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# OpenBLAS (interface/gemm.c) starts threads above 65,536 × 4 multiplications.
_PIECE = 262_144
_LEAST_ROWS = 8

Number = TypeVar("Number", np.float32, np.float64)


def product(left: NDArray[Number], right: NDArray[Number]) -> NDArray[Number]:
    """``left @ right`` for two matrices of one precision."""
    rows, inner = left.shape
    width = max(_LEAST_ROWS, _PIECE // (_LEAST_ROWS * max(inner, 1)))
    if right.shape[1] > width:
        pieces = [product(left, right[:, at : at + width]) for at in range(0, right.shape[1], width)]
        return np.concatenate(pieces, axis=1)
    height = max(1, _PIECE // max(inner * right.shape[1], 1))
    right = np.ascontiguousarray(right)
    out: NDArray[Number] = np.empty((rows, right.shape[1]), dtype=left.dtype)
    whole = rows - rows % height
    if whole:
        stacked = np.ascontiguousarray(left[:whole]).reshape(-1, height, inner)
        np.matmul(stacked, right, out=out[:whole].reshape(-1, height, right.shape[1]))
    np.matmul(left[whole:], right, out=out[whole:])
    return out
