"""`lf loadtest`: many strict clients of one gateway, what they saw, and if it can be trusted.

Workers are processes of their own; the parent merges what they count and judges it.
"""
