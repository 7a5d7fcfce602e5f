#!/usr/bin/env bash
# Runs husako-ci once, with what the inputs say. Every input is one argument, or one per line, taken as it is.

# shellcheck source=action/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# What an input says: true, false, or nothing, which is its default.
switch() {
  case $1 in
    true | false) printf '%s' "$1" ;;
    '') printf '%s' "$2" ;;
    *) return 1 ;;
  esac
}

# Whether this is a run for a pull request.
pull_request=false
case ${GITHUB_EVENT_NAME:-} in
  pull_request | pull_request_target) pull_request=true ;;
esac

if ! diff=$(switch "$INPUT_DIFF" "$pull_request"); then
  fail "the input 'diff' is '$INPUT_DIFF': say true or false" 2
fi
if [[ -n $INPUT_MERGE && -n $INPUT_PATHS$INPUT_SHARD$INPUT_BASE ]]; then
  fail "the inputs 'paths', 'shard' and 'base' mean nothing beside 'merge': they are for the jobs that run the shards" 2
fi
# Where the comment is saved, another job posts it. Where there is no diff, there is none to post, and of a part none that is
# of the whole.
default=$pull_request
if [[ -n $INPUT_SAVE_COMMENT || -n $INPUT_SHARD || $diff == false ]]; then default=false; fi
if ! comment=$(switch "$INPUT_COMMENT" "$default"); then
  fail "the input 'comment' is '$INPUT_COMMENT': say true or false" 2
fi
if [[ $comment == true && $INPUT_DIFF == false ]]; then
  fail "the inputs 'comment: true' and 'diff: false' contradict each other: the comment shows the diff" 2
fi
if [[ $comment == true && ${GITHUB_EVENT_NAME:-} == push ]]; then
  notice "a push is no pull request: no comment is posted"
  comment=false
fi

if [[ $comment == true && -n $INPUT_SHARD ]]; then
  fail "the inputs 'comment: true' and 'shard' contradict each other: give 'comment' to the job that merges" 2
fi

arguments=()
if [[ -n $INPUT_MERGE ]]; then arguments+=(merge); fi
# A flag with its value, in one argument: so a value may begin with a dash.
flag() {
  if [[ -n $2 ]]; then arguments+=("$1=$2"); fi
}
flag --junit "$INPUT_JUNIT"
# The job that merges needs the report of each shard.
if [[ -z $INPUT_JSON && $INPUT_SHARD =~ ^[0-9]+/[0-9]+$ ]]; then INPUT_JSON=husako-ci-${INPUT_SHARD%/*}.json; fi
flag --json "$INPUT_JSON"
flag --fail-on "$INPUT_FAIL_ON"
flag --shard "$INPUT_SHARD"
# What is about the comparison is inert where there is none: one workflow may serve pushes and pull requests.
if [[ $diff == true || $comment == true ]]; then
  # Of a merge, the shards have compared.
  if [[ -z $INPUT_MERGE ]]; then arguments+=(--diff); fi
  flag --base "$INPUT_BASE"
  flag --markdown "$INPUT_MARKDOWN"
  flag --save-comment "$INPUT_SAVE_COMMENT"
  flag --label "$INPUT_LABEL"
fi
if [[ $comment == true ]]; then
  arguments+=(--comment)
  flag --comment-mode "$INPUT_COMMENT_MODE"
fi

# One per line. (The bash of macOS has no mapfile.) Outputs of Windows' programs may end in CR.
lines=()
split() {
  local line
  lines=()
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [[ -n $line ]]; then lines+=("$line"); fi
  done <<<"$1"
}
split "$INPUT_ARGS"
arguments+=(${lines[@]+"${lines[@]}"})
split "$INPUT_PATHS"
if [[ ${#lines[@]} -gt 0 ]]; then arguments+=(-- "${lines[@]}"); fi

# Without the message of `cd`: a name with line breaks in it could command the runner.
if ! cd -- "$(as_path "${INPUT_WORKING_DIRECTORY:-.}")" 2>/dev/null; then
  fail "the input 'working-directory' is '$INPUT_WORKING_DIRECTORY', which is no folder in $PWD. Is the repository \
checked out?" 2
fi
# The reports are seen from there. A glob that names none stays as it is: husako-ci then says that there is no such file.
split "$INPUT_MERGE"
if [[ ${#lines[@]} -gt 0 ]]; then
  arguments+=(--)
  IFS=
  for line in "${lines[@]}"; do
    # shellcheck disable=SC2206 # Globs are to be expanded; without IFS, nothing is split.
    arguments+=($line)
  done
  unset IFS
fi
if [[ -z ${GITHUB_TOKEN:-} ]]; then unset GITHUB_TOKEN; fi

# The bash of Windows would rewrite arguments that look like paths of Unix, such as "--filter=/web/".
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
# In the place of this shell: so the runner's signals, when a job is cancelled, reach husako-ci, which then still writes
# its reports.
exec "$HUSAKO_CI" ${arguments[@]+"${arguments[@]}"}
