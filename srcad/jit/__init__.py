"""From generated source to something that runs: the disk cache, Numba's dispatcher, and plain Python."""
