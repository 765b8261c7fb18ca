from Cython.Build import cythonize
from setuptools import Extension, setup

setup(ext_modules=cythonize([Extension("area._area", ["src/area/_area.pyx"], include_dirs=["src/area"])]))
