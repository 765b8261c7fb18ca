#include <Python.h>
#include "banner.h"

static PyObject *text(PyObject *self, PyObject *args) { return PyUnicode_FromString(BANNER); }
static PyMethodDef methods[] = {{"text", text, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_banner", NULL, -1, methods};
PyMODINIT_FUNC PyInit__banner(void) { return PyModule_Create(&module); }
