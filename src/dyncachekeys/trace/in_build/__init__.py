"""What runs in the build's own interpreter, from Python 3.8 on: nearly empty, and it imports nothing of ours."""
