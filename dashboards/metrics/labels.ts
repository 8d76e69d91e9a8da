/**
 * Keeps labels within their bounds: what comes from outside (a model's name, a code of somebody else's) would otherwise
 * make a series of each value and fill the memory of this process and of Prometheus. Beyond the bound a value is
 * `other`, and each time is counted.
 */
import { type Label, OTHER } from '../catalog.ts';

/** The value under which something is counted. */
export type Bounded = (value: string) => string;

export class LabelBounds {
  /** By the label's name; each begins with 0, since a rate needs something to begin with. */
  readonly overflows = new Map<string, number>();

  /** Of a label with known values those, of any other the first that come. */
  bound(label: Label): Bounded {
    const { values } = label;
    if (values) {
      this.#begin(label);
      const known = new Set(values);
      return (value) => (known.has(value) ? value : this.overflow(label.name));
    }
    const learn = this.learning(label);
    return (value) => learn(value, true);
  }

  /** One that takes up new values only where the caller vouches for them. */
  learning(label: Label): (value: string, mayLearn: boolean) => string {
    this.#begin(label);
    const known = new Set<string>();
    return (value, mayLearn) => {
      if (known.has(value)) return value;
      if (!mayLearn || known.size >= label.bound || value.length > VALUE_CHARACTERS_MAX) return this.overflow(label.name);
      known.add(value);
      return value;
    };
  }

  overflow(name: string): string {
    this.overflows.set(name, (this.overflows.get(name) ?? 0) + 1);
    return OTHER;
  }

  #begin({ name }: Label): void {
    if (!this.overflows.has(name)) this.overflows.set(name, 0);
  }
}

const VALUE_CHARACTERS_MAX = 100;

/** Counts by label: several values may have become the same one. */
export function summed(counts: ReadonlyMap<string, number>, labelOf: Bounded): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [value, count] of counts) {
    const label = labelOf(value);
    sums.set(label, (sums.get(label) ?? 0) + count);
  }
  return sums;
}
