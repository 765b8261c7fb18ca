#include <shared.h>
int three(void) { return SHARED; }
