cat unseen.txt > out.txt
