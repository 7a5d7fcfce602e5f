# shellcheck shell=bash
# What the action's steps share. Written for the bash 3.2 of macOS, too.
set -euo pipefail

# Escapes a message as the runner decodes it: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
escaped() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '%s' "$text"
}

notice() { printf '::notice title=husako-ci::%s\n' "$(escaped "$1")"; }
warning() { printf '::warning title=husako-ci::%s\n' "$(escaped "$1")"; }

# Ends the step. The status is that of husako-ci: 2 when an input is wrong, 1 for anything else.
fail() {
  printf '::error title=husako-ci::%s\n' "$(escaped "$1")"
  exit "${2:-1}"
}

# A path that means the same to `cd` and programs whatever it begins with: "-" alone would be the last folder. A line
# break at its end goes, which YAML's `|` leaves.
as_path() {
  case $1 in
    [/\\]* | [A-Za-z]:[/\\]*) printf '%s' "$1" ;;
    *) printf './%s' "$1" ;;
  esac
}
