"""`lf bench`: what the pipeline must reach, measured, judged and written down."""
