"""How sure we are: choices, multiverse, model."""
