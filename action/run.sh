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

# Inputs that cannot be meant together.
contradict() {
  fail "the inputs '$1' and '$2' contradict each other: $3" 2
}

# With `merge`, nothing is run, and the reports of all shards become one.
case $INPUT_MERGE in
  '' | false) merge= ;;
  true) merge='husako-ci-shard-*.json' ;;
  *) merge=$INPUT_MERGE ;;
esac
if [[ -n $merge ]]; then
  if [[ -n $INPUT_SHARD ]]; then contradict merge shard "a job either runs a shard or merges what the shards have told"; fi
  if [[ -n $INPUT_PATHS ]]; then contradict merge paths "which paths are run is for the jobs of the shards to say"; fi
  if [[ -n $INPUT_BASE ]]; then contradict merge base "what to compare with is for the jobs of the shards to say"; fi
fi

# Whether this is a run for a pull request.
pull_request=false
case ${GITHUB_EVENT_NAME:-} in
  pull_request | pull_request_target) pull_request=true ;;
esac

if ! diff=$(switch "$INPUT_DIFF" "$pull_request"); then
  fail "the input 'diff' is '$INPUT_DIFF': say true or false" 2
fi
# Where the comment is saved, another job posts it. Where there is no diff, there is none to post.
# One shard knows only a part of it.
default=$pull_request
if [[ -n $INPUT_SAVE_COMMENT || $diff == false || -n $INPUT_SHARD ]]; then default=false; fi
if ! comment=$(switch "$INPUT_COMMENT" "$default"); then
  fail "the input 'comment' is '$INPUT_COMMENT': say true or false" 2
fi
if [[ $comment == true && $INPUT_DIFF == false ]]; then
  contradict 'comment: true' 'diff: false' "the comment shows the diff"
fi
if [[ $comment == true && -n $INPUT_SHARD ]]; then
  contradict 'comment: true' shard "a shard knows only a part of the diff, so give 'comment' to the job that merges"
fi
if [[ $comment == true && ${GITHUB_EVENT_NAME:-} == push ]]; then
  notice "a push is no pull request: no comment is posted"
  comment=false
fi

arguments=()
# A flag with its value, in one argument: so a value may begin with a dash.
flag() {
  if [[ -n $2 ]]; then arguments+=("$1=$2"); fi
}
if [[ -n $merge ]]; then arguments+=(merge); fi
if [[ -n $INPUT_SHARD ]]; then
  flag --shard "$INPUT_SHARD"
  flag --shard-times "$INPUT_SHARD_TIMES"
fi
# What `merge: true` looks for. Which shard it is, is husako-ci's to judge: nothing odd gets into a name here.
json=$INPUT_JSON
if [[ -z $json && $INPUT_SHARD =~ ^[0-9]+/ ]]; then json=husako-ci-shard-${INPUT_SHARD%%/*}.json; fi
flag --junit "$INPUT_JUNIT"
flag --json "$json"
flag --fail-on "$INPUT_FAIL_ON"
# What is about the comparison is inert where there is none: one workflow may serve pushes and pull requests.
if [[ $diff == true || $comment == true ]]; then
  # The shards have compared.
  if [[ -z $merge ]]; then arguments+=(--diff); fi
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

# Files and globs, seen from there. A name is never split, whatever is in it.
if [[ -n $merge ]]; then
  split "$merge"
  arguments+=(--)
  for pattern in ${lines[@]+"${lines[@]}"}; do
    IFS=
    # shellcheck disable=SC2206 # it is to be expanded
    reports=($pattern)
    unset IFS
    if [[ ! -e ${reports[0]} ]]; then
      fail "the input 'merge' names '$pattern', which no file in $PWD matches. Has each shard uploaded its JSON report, \
and has this job downloaded them?" 2
    fi
    arguments+=("${reports[@]}")
  done
fi
if [[ -z ${GITHUB_TOKEN:-} ]]; then unset GITHUB_TOKEN; fi

# The bash of Windows would rewrite arguments that look like paths of Unix, such as "--filter=/web/".
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
# In the place of this shell: so the runner's signals, when a job is cancelled, reach husako-ci, which then still writes
# its reports.
exec "$HUSAKO_CI" ${arguments[@]+"${arguments[@]}"}
