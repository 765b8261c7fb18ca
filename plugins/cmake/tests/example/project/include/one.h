#include "deep.inc"
