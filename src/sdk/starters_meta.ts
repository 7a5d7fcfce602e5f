/** Metadata starters of `k8s/meta/v1`. Each begins a spec fragment, which may also become a container. */

import { _createSpecFragment } from "./fragments.ts";
import type { SpecFragment } from "./fragments.ts";

/** Begins with a name. */
export function name(value: string): SpecFragment {
  return _createSpecFragment({ _name: value });
}

/** Begins with a namespace. */
export function namespace(value: string): SpecFragment {
  return _createSpecFragment({ _namespace: value });
}

/** Begins with a label. */
export function label(key: string, value: string): SpecFragment {
  return _createSpecFragment().label(key, value);
}

/** Begins with an annotation. */
export function annotation(key: string, value: string): SpecFragment {
  return _createSpecFragment().annotation(key, value);
}
