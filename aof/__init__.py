"""aof: declarative agents for deployments, pipelines, drift and releases.

This package file holds the version and nothing that costs import time.
"""

__version__ = "0.1.0"
