import type { DomainEvent } from '../domain/event-types.js';
import type { KvWrite } from '../ports/kv-store.js';

/** What a projection may know of an event: what its writer knew, so no revision and no position. */
export interface ProjectedEvent<Event> {
  readonly stream: string;
  /** UTC, epoch, by the writer's clock. */
  readonly atMs: number;
  readonly event: Event;
}

/**
 * A view as a pure function: one event in, writes out. It reads nothing and refuses nothing, so
 * the same function serves the append, a rebuild, and an exported stream.
 */
export interface Projection<Event extends DomainEvent = DomainEvent> {
  /** Its partitions begin with this and a slash. */
  readonly name: string;
  /** One up whenever `project` writes anything else than before: the view is rebuilt then. */
  readonly version: number;
  /** The event types that it is given; others it never sees. */
  readonly takes: readonly Event['type'][];
  project(written: ProjectedEvent<Event>): readonly KvWrite[];
}
