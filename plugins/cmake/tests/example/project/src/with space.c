#include "a b.h"
#ifdef NEVER
#include "../native/only_if.txt"
#endif
int two(void) { return TWO; }
