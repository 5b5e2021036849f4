"""Scripts that run in the environments of other programs: they import nothing of ours."""
