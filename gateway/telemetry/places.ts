/**
 * Labels for threads and processes of a pool. Their names are numbered for as long as the gateway lives, so a pool that
 * lets idle ones go and starts others would make series without end. A place is numbered like the first names are, goes
 * to the lowest number that is free, and is free again when its unit is gone.
 */
import type { LabelBounds } from '../../dashboards/metrics/labels.ts';

export class Places {
  readonly #placesMax: number;
  readonly #label: string;
  readonly #bounds: LabelBounds;
  /** The place of each unit by the unit's name. */
  readonly #byName = new Map<string, string>();

  constructor({ placesMax, label, bounds }: { placesMax: number; label: string; bounds: LabelBounds }) {
    this.#placesMax = placesMax;
    this.#label = label;
    this.#bounds = bounds;
  }

  /** Frees the places of units that are not among these any more. Told in the order in which they started. */
  settle(names: readonly string[]): void {
    const here = new Set(names);
    for (const name of this.#byName.keys()) if (!here.has(name)) this.#byName.delete(name);
    const taken = new Set(this.#byName.values());
    for (const name of names) {
      if (this.#byName.has(name) || this.#byName.size >= this.#placesMax) continue;
      const prefix = name.replace(/-\d+$/, '');
      let number = 1;
      while (taken.has(`${prefix}-${number}`)) number += 1;
      this.#byName.set(name, `${prefix}-${number}`);
      taken.add(`${prefix}-${number}`);
    }
  }

  of(name: string): string {
    return this.#byName.get(name) ?? this.#bounds.overflow(this.#label);
  }
}
