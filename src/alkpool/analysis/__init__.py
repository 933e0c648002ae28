"""The study's own analyses, a module for each figure."""
