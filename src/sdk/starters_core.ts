/** Container starters of `k8s/core/v1`. */

import { _createResourceChain, _createResourceRequirementsChain, _createSpecFragment } from "./fragments.ts";
import type { ResourceChain, ResourceListJson, ResourceRequirementsChain, SpecFragment, ToJson } from "./fragments.ts";

export { name } from "./starters_meta.ts";

/** Begins a container with its image. */
export function image(value: string): SpecFragment {
  return _createSpecFragment({ _image: value });
}

/** Begins a container with when its image is pulled. */
export function imagePullPolicy(value: string): SpecFragment {
  return _createSpecFragment({ _imagePullPolicy: value });
}

/** Begins amounts with CPU: `cpu("250m")`, `cpu(0.25)`, `cpu(2)`. */
export function cpu(value: string | number): ResourceChain {
  return _createResourceChain({ _cpu: value });
}

/** Begins amounts with memory: `memory("128Mi")`, or a number of gibibytes. */
export function memory(value: string | number): ResourceChain {
  return _createResourceChain({ _memory: value });
}

/** Begins the requirements of a container with what it asks for; `.limits(…)` may follow. */
export function requests(chain: ToJson | ResourceListJson): ResourceRequirementsChain {
  return _createResourceRequirementsChain(chain);
}
