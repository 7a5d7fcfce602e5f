#!/usr/bin/env bash
# What one more file of a kind costs, in thousands of instructions: a number that does not depend on what else the machine does.
#
#   benches/counts.sh PROGRAM           prints a line for each kind
#   benches/counts.sh PROGRAM OTHER     the same of two builds, and the ratio of the second to the first
#   benches/counts.sh --check PROGRAM   ends with status 1 when a number is above its bound in benches/counts.txt
#
# PROGRAM is a release build of husako-ci. Needs valgrind.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
check=false
if [[ ${1:-} == --check ]]; then
  check=true
  shift
fi
if [[ $# -lt 1 || $# -gt 2 ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
if ! command -v valgrind >/dev/null; then
  echo "skipped: there is no valgrind"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir -p "$work/lib" "$work/tests" "$work/entries"
: >"$work/husako.toml"

for n in $(seq 1 8); do
  cat >"$work/lib/m$n.ts" <<EOF
import type { Spec } from "./types";
$([[ $n == 1 ]] || echo "import { label as before } from \"./m$((n - 1))\";")
export const label = (spec: Spec): string => \`\${spec.name}-$n\`$([[ $n == 1 ]] || echo " + before(spec)");
export class Store$n<T extends Spec> {
  private readonly items = new Map<string, T>();
  add(item: T): this { this.items.set(item.name, item); return this; }
  names(): string[] { return [...this.items.keys()].sort(); }
}
EOF
done
echo 'export interface Spec { name: string; replicas?: number }' >"$work/lib/types.ts"

# file KIND NUMBER: writes a file of a kind.
file() {
  local kind=$1 n=$2 case
  {
    case $kind in
      tiny)
        echo 'import { describe, expect, test } from "husako/test";'
        for case in 1 2 3 4 5; do
          echo "test(\"adds $case\", () => { const sum: number = [1, 2, $n].reduce((a, b) => a + b, 0); expect(sum).toBe($n + 3); expect(sum).toBeGreaterThan(0); });"
        done
        ;;
      helpers)
        echo 'import { describe, expect, test } from "husako/test";'
        for case in 4 6 8; do echo "import { label as l$case, Store$case } from \"../lib/m$case\";"; done
        echo 'describe("helpers", () => {'
        for case in $(seq 1 10); do
          echo "  test(\"case $case\", () => { const store = new Store8<{ name: string }>().add({ name: \"a$case\" }); expect(store.names()).toEqual([\"a$case\"]); expect(l4({ name: \"x\" })).toContain(\"x-4\"); expect(l6({ name: \"y\" }).length).toBeGreaterThan(3); });"
        done
        echo '});'
        ;;
      builders)
        cat <<'EOF'
import { expect, test } from "husako/test";
import { cpu, metadata, requests } from "husako";
import { Deployment } from "k8s/apps/v1";
import { Container, Service, ServicePort } from "k8s/core/v1";
import { LabelSelector } from "k8s/_common";
EOF
        for case in $(seq 1 10); do
          cat <<EOF
test("deployment $case", () => {
  const web: any = Deployment().metadata(metadata().name("web$case").label("app", "web")).replicas($case).selector(LabelSelector().matchLabels({ app: "web" }))
    .containers([Container().name("web").image("nginx").resources(requests(cpu("100m")))])._render();
  expect(web.spec.replicas).toBe($case);
  expect(web.metadata.labels).toEqual({ app: "web" });
  const service: any = Service().metadata(metadata().name("web")).ports([ServicePort().port(80)])._render();
  expect(service.spec.ports).toHaveLength(1);
});
EOF
        done
        ;;
      entries)
        cat <<EOF
import { build, cpu, metadata, requests } from "husako";
import { Deployment } from "k8s/apps/v1";
import { Container, Service } from "k8s/core/v1";
build([1, 2, 3, 4, 5].flatMap((n) => [
  Deployment().metadata(metadata().name(\`web\${n}\`)).replicas(n).selector({ matchLabels: { app: "web" } })
    .template({ metadata: { labels: { app: "web" } } }).containers([Container().name("web").image("nginx:1.$n").resources(requests(cpu("100m")))]),
  Service().metadata(metadata().name(\`web\${n}\`)).ports([{ port: 80 }]),
]));
EOF
        ;;
    esac
  } >"$work/$3"
}

# count PROGRAM KIND FILES: the instructions of a run of that many files.
count() {
  local program=$1 kind=$2 files=() n name
  for n in $(seq 1 "$3"); do
    if [[ $kind == entries ]]; then name=entries/e$n.husako; else name=tests/$kind$n.test.ts; fi
    [[ -f $work/$name ]] || file "$kind" "$n" "$name"
    files+=("$name")
  done
  (cd "$work" && HUSAKO_CI_CACHE=off valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" --jobs 1 "${files[@]}" 2>&1) |
    sed -n 's/.*Collected : //p'
}

per_file() {
  local few many
  few=$(count "$1" "$2" 10)
  many=$(count "$1" "$2" 30)
  echo $(((many - few) / 20000))
}

first=$(realpath "$1")
second=${2:+$(realpath "$2")}
status=0
for kind in tiny helpers builders entries; do
  now=$(per_file "$first" "$kind")
  line=$(printf '%-10s %8d' "$kind" "$now")
  if [[ -n $second ]]; then
    other=$(per_file "$second" "$kind")
    line+=$(printf ' %8d %6.2f' "$other" "$(awk "BEGIN { print $other / $now }")")
  fi
  if $check; then
    bound=$(awk -v kind="$kind" '$1 == kind { print $2 }' "$here/counts.txt")
    line+=$(printf ' of at most %8d' "$bound")
    if ((now > bound)); then
      line+='  too many'
      status=1
    fi
  fi
  echo "$line"
done
exit $status
