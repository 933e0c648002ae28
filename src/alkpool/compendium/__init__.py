"""How the book is made; generic, knows nothing of ALK."""
