"""How cases come in."""
