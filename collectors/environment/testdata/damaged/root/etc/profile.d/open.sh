export GOOD=1
BAD="$(open
