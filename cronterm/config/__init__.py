"""Read and edit jobs.yaml: strictly, all problems at once, every other byte kept.

Rule: pure but for reading and replacing the one file; nothing here starts anything.
"""
