"""What dev.py does before anything else is installed; standard library only."""
