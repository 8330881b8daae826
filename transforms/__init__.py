"""The passes, one a file: each takes a Trace and gives a Trace."""
