"""Finds the line that broke a build in the log of its pipeline, and classifies the cause."""

from __future__ import annotations

from aof.analysis.ci_log.diagnosis import diagnose
from aof.analysis.ci_log.records import Category, Diagnosis, Failure, Location

__all__ = ["Category", "Diagnosis", "Failure", "Location", "diagnose"]
