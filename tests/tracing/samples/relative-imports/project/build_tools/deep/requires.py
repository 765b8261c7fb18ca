REQUIRES = ["one"]
