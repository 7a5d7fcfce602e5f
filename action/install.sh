#!/usr/bin/env bash
# Finds or downloads husako-ci, and writes where it is to the output `binary`. Has no token.
#
# A release is never trusted for where it came from, only for its SHA-256 sum, which is in a table that is reviewed and
# pinned together with this script. What the tool cache holds is the archive as it was downloaded: it is verified
# against the same table each time it is used, since whoever shares the cache could have changed it.

# shellcheck source=action/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

readonly releases=https://github.com/husako/action/releases/download

# Writes an output. No value can end it early, line breaks included.
output() {
  local end=husako_ci_$RANDOM$RANDOM$RANDOM$RANDOM
  printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# Ends the step with the program that is already there: a path as seen from the workspace, or a name to look up.
use() {
  local given=$1 origin=$2 path
  path=$(as_path "$given")
  if [[ -f $path ]]; then
    if [[ ! -x $path ]]; then
      fail "$origin names '$given', which may not be executed. Downloaded artifacts lose that: chmod +x it first." 2
    fi
    # The run may be in another folder.
    if [[ $path == ./* ]]; then path=$PWD/${path#./}; fi
  elif ! path=$(type -P -- "$given"); then
    fail "$origin names '$given', which is neither a file in $PWD nor a program in the PATH" 2
  fi
  output binary "$path"
  exit 0
}

# The version in the Cargo.toml that this action was released with.
own_version() {
  local line form='^version = "([^"]+)"'
  while IFS= read -r line; do
    if [[ $line =~ $form ]]; then
      printf '%s' "${BASH_REMATCH[1]}"
      return
    fi
  done <"$GITHUB_ACTION_PATH/Cargo.toml"
}

# The target that releases for this runner are built for.
target() {
  case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
    Linux-X64) printf x86_64-unknown-linux-musl ;;
    Linux-ARM64) printf aarch64-unknown-linux-musl ;;
    macOS-X64) printf x86_64-apple-darwin ;;
    macOS-ARM64) printf aarch64-apple-darwin ;;
    Windows-X64) printf x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

# The SHA-256 sum of a file. It is read from the standard input: names with backslashes would change what is printed.
sha256() {
  local line
  if command -v sha256sum >/dev/null; then
    line=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then
    line=$(shasum -a 256 <"$1")
  else
    return 1
  fi
  printf '%s' "${line%% *}"
}

# The sum that the table has for a file name; empty when it has none, or more than one.
recorded() {
  local sum name found=
  while read -r sum name || [[ -n $sum ]]; do
    name=${name%$'\r'}
    if [[ ${name#\*} != "$2" ]]; then continue; fi
    if [[ -n $found || ! $sum =~ ^[0-9a-f]{64}$ ]]; then return; fi
    found=$sum
  done <"$1"
  printf '%s' "$found"
}

# Copies a release's archive from a folder or a server to a file.
fetch() {
  local from=$1 to=$2 protocols
  case $from in
    https://*) protocols='=https' ;;
    # Only when it was asked for by name. What comes is verified in any case.
    http://*) protocols='=http,https' ;;
    file://*) protocols='=file' ;;
    *://*) fail "the input 'download-url' must begin with https://, http:// or file://, or be a folder" 2 ;;
    *)
      # Without its message: a name with line breaks in it could command the runner.
      cp -- "$(as_path "$from")" "$to" 2>/dev/null
      return
      ;;
  esac
  curl --proto "$protocols" --proto-redir "$protocols" --tlsv1.2 --fail --location --max-redirs 5 --silent --show-error \
    --retry 4 --retry-connrefused --connect-timeout 20 --max-time 300 --globoff --output "$to" --url "$from"
}

# On Windows, the form of a path that its bash's programs understand.
unix_path() {
  if [[ ${RUNNER_OS:-} == Windows ]]; then cygpath -u -- "$1"; else printf '%s' "$1"; fi
}

if [[ -n $INPUT_BINARY ]]; then use "$INPUT_BINARY" "the input 'binary'"; fi
if [[ -n ${HUSAKO_CI_BIN:-} ]]; then use "$HUSAKO_CI_BIN" "the environment's HUSAKO_CI_BIN"; fi

version=${INPUT_VERSION:-$(own_version)}
version=${version#v}
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  fail "the input 'version' is '$version': give a whole version, such as 1.2.3" 2
fi
if ! target=$(target); then
  fail "there is no husako-ci for ${RUNNER_OS:-an unknown system} on ${RUNNER_ARCH:-an unknown processor}. Build it with \
cargo, and name it with the input 'binary'." 2
fi
archive=husako-ci-$version-$target.tar.gz
program=husako-ci
if [[ $RUNNER_OS == Windows ]]; then program=husako-ci.exe; fi

table=$GITHUB_ACTION_PATH/action/checksums.txt
if [[ -n $INPUT_CHECKSUMS_FILE ]]; then table=$(as_path "$INPUT_CHECKSUMS_FILE"); fi
if [[ ! -f $table || ! -r $table ]]; then
  fail "there is no table of SHA-256 sums at '$table': see the input 'checksums-file'. Nothing was downloaded." 2
fi
expected=$(recorded "$table" "$archive")
if [[ -z $expected ]]; then
  fail "'$table' does not have one SHA-256 sum for $archive, so that it could not be verified. Nothing was downloaded. \
Use the action's own release of that version (husako/action@v$version), or name a table that has its line \
with the input 'checksums-file', or a husako-ci that you have built with 'binary'." 2
fi
if ! sha256 /dev/null >/dev/null; then
  fail "there is neither sha256sum nor shasum on this runner, so that $archive could not be verified. Nothing was \
downloaded. Install one of them (on Linux: coreutils), or name a husako-ci with the input 'binary'."
fi

folder=$(mktemp -d "$(unix_path "$RUNNER_TEMP")/husako-ci.XXXXXX")
# What is verified is this copy, which nobody else writes to.
copy=$folder/$archive
cached=
if [[ -n ${RUNNER_TOOL_CACHE:-} ]]; then
  arch=x64
  if [[ $RUNNER_ARCH == ARM64 ]]; then arch=arm64; fi
  cached=$(unix_path "$RUNNER_TOOL_CACHE")/husako-ci/$version/$arch/$archive
fi

origin=
if [[ -n $cached && -f $cached ]] && cp -- "$cached" "$copy"; then
  if [[ $(sha256 "$copy") == "$expected" ]]; then
    origin='the tool cache'
  else
    warning "the tool cache's $archive is not what was released: it is downloaded again. Find out who else writes to \
$cached."
  fi
fi
if [[ -z $origin ]]; then
  base=${INPUT_DOWNLOAD_URL:-$releases}
  origin=${base%/}/v$version/$archive
  # A mirror's address may hold a password, which a log must not.
  shown=$origin
  if [[ $shown =~ ^([a-z]+://)[^/]*@(.*)$ ]]; then shown=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; fi
  if ! fetch "$origin" "$copy"; then
    fail "could not get $shown. Is there such a release, and does this runner reach the server? A \
mirror is named with the input 'download-url'."
  fi
  actual=$(sha256 "$copy")
  if [[ $actual != "$expected" ]]; then
    rm -rf -- "$folder"
    fail "$shown is not what was released: its SHA-256 sum is $actual, not $expected as in '$table'. Nothing of it \
was unpacked or run. Behind a mirror or proxy, look at what it gave; else please report it."
  fi
  origin=$shown
  # In one step, for jobs that run at the same time. A cache that cannot be written to is no reason to fail.
  if [[ -n $cached ]] && ! { mkdir -p -- "${cached%/*}" && cp -- "$copy" "$cached.$$" && mv -f -- "$cached.$$" "$cached"; }; then
    printf 'not kept in the tool cache: it cannot be written to\n'
  fi
fi

# Nothing in the archive decides where something is written: its only file goes through a pipe.
if [[ $(tar -tzf - <"$copy") != "$program" ]]; then
  fail "$archive does not hold exactly one file, $program. Nothing of it was run."
fi
if ! tar -xzOf - "$program" <"$copy" >"$folder/$program" || [[ ! -s $folder/$program ]]; then
  fail "$archive could not be unpacked: $program in it is damaged, or no file. Nothing of it was run."
fi
chmod 0755 "$folder/$program"
rm -f -- "$copy"
printf 'husako-ci %s for %s, from %s\n' "$version" "$target" "$(escaped "$origin")"
output binary "$folder/$program"
