"""What the Access pages of applications and of people share: the list, its search, and revoking."""
