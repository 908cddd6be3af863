import type { Schema } from './schema.js';

/** Schemas with a title: each is told once, and named wherever else it stands. */
export class Components {
  readonly #named = new Map<string, { readonly from: string; readonly told: object }>();

  /**
   * Returns `schema` as it stands in the document. When another schema has its title, a body's
   * class that is not quite what an answer holds, it gets a number.
   */
  told(schema: Schema): object {
    const { title, ...rest } = schema;
    if (title === undefined) return this.#within(rest);
    const from = JSON.stringify(rest, inOrder);
    const name = this.#nameFor(title, from);
    if (!this.#named.has(name)) this.#named.set(name, { from, told: this.#within(rest) });
    return { $ref: `#/components/schemas/${name}` };
  }

  #nameFor(title: string, from: string): string {
    for (let count = 1; ; count++) {
      const name = count === 1 ? title : `${title}${count}`;
      const known = this.#named.get(name);
      if (known === undefined || known.from === from) return name;
    }
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

/** For JSON that is the same whatever order its keys were written in. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
