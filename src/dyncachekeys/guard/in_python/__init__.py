"""What runs in the interpreter of a project's environment, from Python 3.8 on: it imports nothing of ours."""
