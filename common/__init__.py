"""What every app stands on and none owns: errors, names, forms that several people edit at once."""
