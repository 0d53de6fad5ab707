"""Cases: somebody has a quarrel or something is unsafe, and somebody must put it right in time."""
