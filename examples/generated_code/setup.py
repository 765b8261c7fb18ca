import subprocess
import sys

from setuptools import setup

subprocess.run([sys.executable, "tools/make_parser.py", "grammar/calc.txt", "src/calc/_parser.py"], check=True)
setup()
