REQUIRES = ["two"]
