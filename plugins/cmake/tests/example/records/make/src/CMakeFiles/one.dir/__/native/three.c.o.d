src/CMakeFiles/one.dir/__/native/three.c.o: \
 {ROOT}/project/native/three.c /usr/include/stdc-predef.h \
 {ROOT}/project/src/../../common/shared.h \
 {ROOT}/project/src/../../common/inner.h
