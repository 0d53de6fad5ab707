"""The bottom layer: infrastructure that knows nothing of the domain."""
