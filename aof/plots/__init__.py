"""Pictures of numbers: SVG charts and sparklines. Knows nothing of what the numbers mean.

Pure: standard library only, plain values in, text out.
"""
