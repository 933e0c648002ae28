"""Stands in for the kernel where a test is about the pipeline: nothing of it is loaded."""
