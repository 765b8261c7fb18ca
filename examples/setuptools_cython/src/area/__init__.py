from area._area import square as square
