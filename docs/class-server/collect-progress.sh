#!/bin/sh
# Copies the progress files of a class into one folder, one file for each learner. As root:
#     sh collect-progress.sh FOLDER /home/jupyter-*
# Then:  python -m tools.class_overview FOLDER
set -eu

folder=$1
shift
mkdir -p "$folder"
for home in "$@"; do
    name=$(basename "$home")
    # Each file is read as its owner: a link to what only root may read leads nowhere.
    if ! runuser -u "$(stat -c %U "$home")" -- cat "$home/.local/share/nnutils/progress.jsonl" \
            > "$folder/$name.jsonl" 2> /dev/null; then
        rm "$folder/$name.jsonl"
        echo "$name: no progress yet"
    fi
done
