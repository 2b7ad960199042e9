"""Version files: only the bytes of the version change, and the result is read back."""

from aof.analysis.release.files.bump import bump_files, companions, detect_version_files

__all__ = ["bump_files", "companions", "detect_version_files"]
