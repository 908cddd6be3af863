import { assert } from '../shared/assert.js';

/** What is known of one event type: its newest shape, and the step up from each older one. */
export interface EventSchema<Event> {
  readonly version: number;
  /** From version N to version N + 1; one for each version below the newest. */
  readonly steps?: Readonly<Record<number, (older: object) => object>>;
  /** No `open` append gets behind it. */
  readonly closes?: boolean;
  /** What a guard compares; most events have none. */
  readonly keyOf?: (event: Event) => Uint8Array;
}

/** One schema for each type of an aggregate's events: a new type does not compile without. */
export type EventSchemas<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: EventSchema<Extract<Event, { readonly type: Type }>>;
};

/**
 * Returns the newest shape of stored data.
 *
 * @throws InvariantError  it is of a version that this program does not know
 */
export function upcast(
  type: string,
  schema: Pick<EventSchema<never>, 'version' | 'steps'>,
  stored: { version: number; data: object },
): object {
  assert(
    stored.version <= schema.version,
    `${type} version ${stored.version} is of a newer program`,
  );
  let data = stored.data;
  for (let version = stored.version; version < schema.version; version++) {
    const step = schema.steps?.[version];
    assert(step, `${type} has no step up from version ${version}`);
    data = step(data);
  }
  return data;
}
