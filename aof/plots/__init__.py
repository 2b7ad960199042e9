"""Pictures of numbers: SVG charts and sparklines. Knows nothing of what the numbers mean.

Plain values in, text out; only `raster` needs more than the standard library, and only when asked.
"""
