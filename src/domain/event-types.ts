import { assert } from '../shared/assert.js';
import type { AddressEvent } from './address/address.events.js';
import { addressSchemas } from './address/address.upcasters.js';
import type { StoredBranchEvent } from './branch/branch.events.js';
import { branchSchemas } from './branch/branch.upcasters.js';
import type { CommitEvent } from './commit/commit.events.js';
import { commitSchemas } from './commit/commit.upcasters.js';
import type { ImportEvent } from './import/import.events.js';
import { importSchemas } from './import/import.upcasters.js';
import type { InstallationEvent } from './installation/installation.events.js';
import { installationSchemas } from './installation/installation.upcasters.js';
import type { RefsTaskEvent } from './refs-task/refs-task.events.js';
import { refsTaskSchemas } from './refs-task/refs-task.upcasters.js';
import type { MultipartEvent } from './multipart/multipart.events.js';
import { multipartSchemas } from './multipart/multipart.upcasters.js';
import type { PullEvent } from './pull/pull.events.js';
import { pullSchemas } from './pull/pull.upcasters.js';
import type { RepositoryEvent } from './repository/repository.events.js';
import { repositorySchemas } from './repository/repository.upcasters.js';
import type { RequestEvent } from './request/request.events.js';
import { requestSchemas } from './request/request.upcasters.js';
import type { StagingEvent } from './staging/staging.events.js';
import { stagingSchemas } from './staging/staging.upcasters.js';
import type { TagEvent } from './tag/tag.events.js';
import { tagSchemas } from './tag/tag.upcasters.js';
import { upcast, type EventSchema, type EventSchemas } from './upcast.js';

/** All that can happen, to anything. */
export type DomainEvent =
  | AddressEvent
  | StoredBranchEvent
  | CommitEvent
  | ImportEvent
  | InstallationEvent
  | MultipartEvent
  | PullEvent
  | RefsTaskEvent
  | RepositoryEvent
  | RequestEvent
  | StagingEvent
  | TagEvent;

export type EventType = DomainEvent['type'];

/** Every event type with its newest version; a type that is missing here does not compile. */
export const eventSchemas: EventSchemas<DomainEvent> = {
  ...addressSchemas,
  ...branchSchemas,
  ...commitSchemas,
  ...importSchemas,
  ...installationSchemas,
  ...refsTaskSchemas,
  ...multipartSchemas,
  ...pullSchemas,
  ...repositorySchemas,
  ...requestSchemas,
  ...stagingSchemas,
  ...tagSchemas,
};

/** An event as a log stores it, less its id. */
export interface EncodedEvent {
  readonly type: string;
  readonly version: number;
  readonly data: object;
  readonly closes?: boolean;
  readonly key?: Uint8Array;
}

/** Returns what a log stores of an event: its newest shape. */
export function encodeEvent(event: DomainEvent): EncodedEvent {
  const { type, ...data } = event;
  const schema = eventSchemas[type] as EventSchema<DomainEvent>;
  return {
    type,
    version: schema.version,
    data,
    ...(schema.closes ? { closes: true } : {}),
    ...(schema.keyOf ? { key: schema.keyOf(event) } : {}),
  };
}

/**
 * Returns an event in its newest shape, whichever version was stored.
 *
 * @throws InvariantError  this program does not know its type or version
 */
export function decodeEvent(stored: { type: string; version: number; data: object }): DomainEvent {
  const schema = Object.hasOwn(eventSchemas, stored.type)
    ? eventSchemas[stored.type as EventType]
    : undefined;
  assert(schema, `no event type is called ${stored.type}`);
  const { version, steps } = schema as EventSchema<never>;
  const data = upcast(stored.type, { version, ...(steps ? { steps } : {}) }, stored);
  return { ...data, type: stored.type } as DomainEvent;
}

/** Returns what a guard compares of a stored event of ours: no reader gets it with the event. */
export function guardKeyOf(stored: {
  type: string;
  version: number;
  data: object;
}): Uint8Array | undefined {
  if (!Object.hasOwn(eventSchemas, stored.type)) return undefined;
  const { version, keyOf } = eventSchemas[stored.type as EventType] as EventSchema<never>;
  return stored.version > version ? undefined : keyOf?.(decodeEvent(stored) as never);
}
