"""The grid: the tree of areas, the units in them, who holds which post, and what each may see and do."""
