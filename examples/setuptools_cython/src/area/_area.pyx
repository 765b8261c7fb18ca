cdef extern from "unit.h":
    int UNIT


def square(int side):
    return side * side * UNIT
