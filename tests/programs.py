"""The corpus: small programs in many styles, all that a stranger might hand to srcad.

Each lives in the module of its kind; importing them enters them into `PROGRAMS`.
"""

import programs_along
import programs_checkpoints
import programs_complex
import programs_control
import programs_corners
import programs_decompositions
import programs_fourier
import programs_functions
import programs_growing
import programs_higher
import programs_lists
import programs_matrices
import programs_memory
import programs_numbers
import programs_numerical
import programs_numpy
import programs_picking
import programs_snapshots
import programs_sorting
import programs_special
import programs_stats
import programs_tricky
import programs_try
import programs_vector
from programs_kit import PROGRAMS, Program

SOURCES = (
    programs_along,
    programs_checkpoints,
    programs_complex,
    programs_corners,
    programs_control,
    programs_decompositions,
    programs_fourier,
    programs_functions,
    programs_growing,
    programs_higher,
    programs_lists,
    programs_matrices,
    programs_memory,
    programs_numerical,
    programs_numbers,
    programs_numpy,
    programs_picking,
    programs_snapshots,
    programs_sorting,
    programs_special,
    programs_stats,
    programs_tricky,
    programs_try,
    programs_vector,
)

__all__ = ["PROGRAMS", "SOURCES", "Program"]
