import words as words
