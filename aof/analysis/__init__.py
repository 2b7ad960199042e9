"""Pure analyses: evidence in, judgement out. No input or output, no clock, no tools.

Standard library and pydantic only. Analyses never import each other.
"""
