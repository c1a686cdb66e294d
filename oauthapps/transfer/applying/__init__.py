"""How things of each kind are made and changed."""
