"""Runs on disk: their folders, and finding them again."""
