import { assert } from '../../shared/assert.js';
import type { Schema } from './schema.js';

/** Schemas with a title: each is told once, and named wherever else it stands. */
export class Components {
  readonly #named = new Map<string, { readonly from: string; readonly told: object }>();

  /**
   * Returns `schema` as it stands in the document.
   *
   * @throws InvariantError  another schema has its title
   */
  told(schema: Schema): object {
    const { title, ...rest } = schema;
    if (title === undefined) return this.#within(rest);
    const from = JSON.stringify(rest);
    const known = this.#named.get(title);
    assert(known === undefined || known.from === from, `${title} is one schema`);
    if (known === undefined) this.#named.set(title, { from, told: this.#within(rest) });
    return { $ref: `#/components/schemas/${title}` };
  }

  /** By title, in order. */
  all(): Readonly<Record<string, object>> {
    const sorted = [...this.#named].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(sorted.map(([title, { told }]) => [title, told]));
  }

  #within({ items, properties, additionalProperties, ...rest }: Schema): object {
    return {
      ...rest,
      ...(items !== undefined && { items: this.told(items) }),
      ...(properties !== undefined && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, each]) => [name, this.told(each)]),
        ),
      }),
      ...(additionalProperties !== undefined && {
        additionalProperties: this.told(additionalProperties),
      }),
    };
  }
}
