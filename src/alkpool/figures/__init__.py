"""How it looks: a module for each chapter."""
