"""Named tools: one module each, bound by name through `catalog`. Tools never import tools."""
