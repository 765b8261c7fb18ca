src/CMakeFiles/one.dir/with_space.c.o: \
 {ROOT}/project/src/with\ space.c /usr/include/stdc-predef.h \
 {ROOT}/project/src/../include/a\ b.h
