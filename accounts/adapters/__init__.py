"""What django-allauth asks of us, and what it tells: adapters, stages, signals."""
