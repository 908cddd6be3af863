import { READ_EVENTS_MAX, type EventLog, type InlineProjection } from '../ports/event-log.js';
import { viewOf, type KvWrite } from '../ports/kv-store.js';
import type { DifferingRow, ViewSlot, ViewSlots } from '../ports/view-slots.js';
import { assert } from '../shared/assert.js';
import { failpoint } from '../shared/failpoint.js';
import { inlineProjection } from './all-projections.js';
import type { Projection } from './projection.js';

/** Events read, projected and written at once. */
const EVENTS_PER_STEP = READ_EVENTS_MAX;
/** Behind the log by no more than this, the rest is written while appends wait. */
const EVENTS_BEHIND_MAX = 500;

export interface ListedProjection {
  readonly name: string;
  /** Of this program. */
  readonly version: number;
  /** Of what is in use; undefined: nothing was ever written. */
  readonly storedVersion: number | undefined;
  readonly slot: number | undefined;
  readonly isBuilding: boolean;
}

export interface RebuildReport {
  readonly projection: string;
  readonly events: number;
  readonly writes: number;
  readonly differingCount: number;
  /** The first that differ, at most so many as the store names. */
  readonly differing: readonly DifferingRow[];
  readonly isSwapped: boolean;
}

/** Builds views anew from the log, beside the ones in use. */
export class Rebuilder {
  constructor(
    private readonly log: EventLog,
    private readonly slots: ViewSlots,
    private readonly projections: readonly Projection[],
  ) {}

  async list(): Promise<readonly ListedProjection[]> {
    const slots = await this.slots.list();
    return this.projections.map(({ name, version }) => {
      const own = slots.filter(({ view }) => view === name);
      const active = own.find(({ state }) => state === 'active');
      return {
        name,
        version,
        storedVersion: active?.version,
        slot: active?.slot,
        isBuilding: own.some(({ state }) => state === 'building'),
      };
    });
  }

  /**
   * Builds every view anew that another version of its projection wrote, or that is not there yet.
   * Called before anything is served.
   */
  async bringUpToDate(): Promise<readonly RebuildReport[]> {
    const listed = await this.list();
    const old = listed.filter(({ version, storedVersion }) => storedVersion !== version);
    return this.#rebuild(
      old.map(({ name }) => this.#named(name)),
      { swap: true, swapped: async () => failpoint('start.afterSwap') },
    );
  }

  /**
   * Builds a view anew while the one in use serves on, compares the two at one moment, and swaps
   * the new one in; with `swap` false it only compares.
   *
   * @throws UnknownProjection
   */
  async rebuild(name: string, options: { readonly swap: boolean }): Promise<RebuildReport> {
    const [report] = await this.rebuildAll([name], options);
    assert(report, 'a report a view');
    return report;
  }

  /**
   * The same of several views, for which the log is read once.
   *
   * @throws UnknownProjection
   */
  async rebuildAll(
    names: readonly string[],
    { swap }: { readonly swap: boolean },
  ): Promise<readonly RebuildReport[]> {
    const projections = names.map((name) => this.#named(name));
    return this.#rebuild(projections, { swap, swapped: async () => undefined });
  }

  #named(name: string): Projection {
    const projection = this.projections.find((one) => one.name === name);
    if (!projection) throw new UnknownProjection(name, this.projections);
    return projection;
  }

  async #rebuild(
    projections: readonly Projection[],
    { swap, swapped }: { readonly swap: boolean; readonly swapped: () => Promise<void> },
  ): Promise<readonly RebuildReport[]> {
    const reports: RebuildReport[] = [];
    if (projections.length === 0) return reports;
    for (const { name } of projections) await this.#dropLeftOvers(name);
    try {
      const built: Built[] = [];
      for (const projection of projections) {
        const slot = await this.slots.begin(projection.name, projection.version);
        built.push({ projection, slot, eventCount: 0, writeCount: 0 });
      }
      const position = await this.#fillTogether(built);
      for (const one of built) {
        reports.push(await this.#finish(one, position, swap));
        await swapped();
      }
      return reports;
    } finally {
      for (const { name } of projections) await this.#dropLeftOvers(name);
    }
  }

  /** Returns the position up to which all of them are built. */
  async #fillTogether(built: readonly Built[]): Promise<number> {
    const project = inlineProjection(built.map(({ projection }) => projection));
    const reader = new EventReader(this.log, project, 0);
    for (;;) {
      const { writes, readCount } = await reader.step();
      const byView = Map.groupBy(writes, ({ partition }) => viewOf(partition));
      for (const one of built) {
        one.eventCount = reader.eventCount;
        const own = byView.get(one.projection.name);
        if (own === undefined) continue;
        one.writeCount += own.length;
        await this.slots.write(one.slot, own);
      }
      if (readCount < EVENTS_BEHIND_MAX) return reader.position;
    }
  }

  /** Brings a view from a position to the log's end, and puts it in the other's place. */
  async #finish(of: Built, position: number, swap: boolean): Promise<RebuildReport> {
    const { projection, slot, eventCount, writeCount } = of;
    const reader = new EventReader(this.log, inlineProjection([projection]), position);
    for (;;) {
      const { writes, readCount } = await reader.step();
      if (writes.length > 0) await this.slots.write(slot, writes);
      if (readCount < EVENTS_BEHIND_MAX) break;
    }
    if (swap) await failpoint('start.beforeSwap');
    const { isSwapped, difference } = await this.slots.swap(slot, {
      remaining: () => reader.rest(),
      accept: () => swap,
    });
    return {
      projection: projection.name,
      events: eventCount + reader.eventCount,
      writes: writeCount + reader.writeCount,
      differingCount: difference?.differingCount ?? 0,
      differing: difference?.rows ?? [],
      isSwapped,
    };
  }

  /** What an earlier rebuild left behind when it was cut off, and what a swap took out of use. */
  async #dropLeftOvers(name: string): Promise<void> {
    const isLeftOver = ({ view, state }: ViewSlot) => view === name && state !== 'active';
    for (const { slot } of (await this.slots.list()).filter(isLeftOver))
      await this.slots.drop(slot);
  }
}

/** A view on its way, and what went into it. */
interface Built {
  readonly projection: Projection;
  readonly slot: number;
  eventCount: number;
  writeCount: number;
}

/** Reads the log from a position on, once, and keeps its place. */
class EventReader {
  eventCount = 0;
  writeCount = 0;

  constructor(
    private readonly log: EventLog,
    private readonly project: InlineProjection,
    public position: number,
  ) {}

  async step(): Promise<{ writes: readonly KvWrite[]; readCount: number }> {
    const events = await this.log.readAll({ after: this.position, limit: EVENTS_PER_STEP });
    const writes = events.flatMap((event) => this.project(event));
    this.position = events.at(-1)?.position ?? this.position;
    this.eventCount += events.length;
    this.writeCount += writes.length;
    return { writes, readCount: events.length };
  }

  /** Returns the writes of everything up to the log's end. */
  async rest(): Promise<readonly KvWrite[]> {
    const all: KvWrite[] = [];
    for (;;) {
      const { writes, readCount } = await this.step();
      all.push(...writes);
      if (readCount < EVENTS_PER_STEP) return all;
    }
  }
}

export class UnknownProjection extends Error {
  override readonly name = 'UnknownProjection';

  constructor(name: string, known: readonly Projection[]) {
    super(
      `no projection is called '${name}'; there are ${known.map((one) => one.name).join(', ')}`,
    );
  }
}
