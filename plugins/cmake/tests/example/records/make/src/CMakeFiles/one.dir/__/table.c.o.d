src/CMakeFiles/one.dir/__/table.c.o: {ROOT}/project/out/make/table.c \
 /usr/include/stdc-predef.h
