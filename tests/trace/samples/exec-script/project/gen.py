import os

print(open("gen.txt", encoding="utf-8").read(), os.environ.get("GEN_MODE", ""), os.environ.get("FROM_BACKEND", ""))
