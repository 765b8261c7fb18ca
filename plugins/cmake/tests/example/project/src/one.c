#include <stdio.h>
#include "one.h"
#include "version.h"

int one(void) { return ONE; }
