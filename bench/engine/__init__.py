"""What run.py measures of Antiphon's engine, each in a child process of its own."""
