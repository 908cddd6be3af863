import { type EventLog, READ_EVENTS_MAX, type RecordedEvent } from '../../ports/event-log.js';
import type { KvRow, KvStore } from '../../ports/kv-store.js';
import { compareBytes, utf8 } from '../../shared/bytes.js';
import { scanRows } from '../scan-rows.js';
import { AskedIntents } from './asked-intents.js';
import { namedBy, type AuditRecord } from './audit-record.js';
import { auditRecords, isTold } from './audit-records.js';
import { auditPartitions, AUDIT_SCHEMA, chunkKey, ordinalKey, spansKey } from './audit-rows.js';
import { AUDIT_SIZES, encodeLeaf, encodeSpan, groupOf, leafOf } from './audit-segments.js';
import type { AuditSizes, Leaf } from './audit-segments.js';

export interface AuditFault {
  readonly partition: string;
  /** Ordinal of a leaf, a group or a row of one; the key itself of a name. */
  readonly key: string;
  /** `missing` in the index, `extra` there, or there with another value. */
  readonly is: 'missing' | 'extra' | 'other';
}

/** How far it is: events looked at, and the position of the last one. */
export interface AuditPart {
  readonly eventCount: number;
  readonly position: number;
}

export interface AuditVerified {
  readonly eventCount: number;
  readonly leafCount: number;
  readonly faults: readonly AuditFault[];
}

/** A row as it has to be. */
interface Due {
  readonly partition: string;
  readonly key: Uint8Array;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Makes the index of the audit anew from the log and compares it with what is stored. That the
 * end of the log is not summed up yet is no fault.
 */
export class AuditVerifier {
  readonly #asked: AskedIntents;
  readonly #faults: AuditFault[] = [];

  constructor(
    private readonly log: EventLog,
    private readonly kv: KvStore,
    private readonly sizes: AuditSizes = AUDIT_SIZES,
  ) {
    this.#asked = new AskedIntents(log);
  }

  /** @param options.repairs  what differs is written anew; whoever runs has to be started again */
  async run(options: {
    readonly repairs: boolean;
    readonly onPart?: (done: AuditPart) => void;
  }): Promise<AuditVerified> {
    const [leafCount, groupCount] = [await this.#count('leaves'), await this.#count('groups')];
    const { groupLeaves } = this.sizes;
    let leaves: Leaf[] = [];
    let [ordinal, eventCount] = [0, 0];
    for await (const { leaf, records } of this.#leaves()) {
      const group = Math.floor(ordinal / groupLeaves);
      if (ordinal >= leafCount && group >= groupCount) break;
      leaves.push(leaf);
      const dues = [...records.flatMap(namesDue), leafDue(ordinal, leaf)];
      if (leaves.length === groupLeaves) {
        if (group < groupCount) dues.push(...groupDue(group, leaves));
        leaves = [];
      }
      await this.#compare(dues, options.repairs);
      ordinal++;
      eventCount += records.length;
      options.onPart?.({ eventCount, position: leaf.until });
    }
    await this.#takeExtra('leaves', ordinal, options.repairs);
    await this.#takeExtra('groups', Math.floor(ordinal / groupLeaves), options.repairs);
    return { eventCount, leafCount: ordinal, faults: this.#faults };
  }

  async *#leaves(): AsyncGenerator<{ leaf: Leaf; records: readonly AuditRecord[] }> {
    const { leafEvents } = this.sizes;
    let events: RecordedEvent[] = [];
    for (let after = 0, at = 0; ;) {
      const page = await this.log.readAll({ after: at, limit: READ_EVENTS_MAX });
      at = page.at(-1)?.position ?? at;
      events = [...events, ...page];
      while (events.length >= leafEvents) {
        const some = events.slice(0, leafEvents);
        if (!some.every(isTold)) return;
        const records = await auditRecords(some, this.#asked);
        const leaf = leafOf(after, records);
        yield { leaf, records };
        after = leaf.until;
        events = events.slice(leafEvents);
      }
      if (page.length < READ_EVENTS_MAX) return;
    }
  }

  /** Returns where the rows of a partition end. */
  async #count(name: 'leaves' | 'groups'): Promise<number> {
    let end = 0;
    for await (const { key } of scanRows(this.kv, auditPartitions[name])) end = ordinalOf(key) + 1;
    return end;
  }

  async #compare(dues: readonly Due[], repairs: boolean): Promise<void> {
    const gets = dues.map(({ partition, key }) => ({ kind: 'get', partition, key }) as const);
    const found = await this.kv.read(gets);
    for (const [at, due] of dues.entries()) {
      const [row] = found[at] ?? [];
      if (row && compareBytes(row.value, due.bytes) === 0) continue;
      const { partition, name } = due;
      this.#faults.push({ partition, key: name, is: row ? 'other' : 'missing' });
      if (repairs) await this.#put(due, row);
    }
  }

  async #put({ partition, key, bytes }: Due, row: KvRow | undefined): Promise<void> {
    await this.kv.setIf(partition, key, { bytes, schema: AUDIT_SCHEMA }, row);
  }

  /** Behind the log's end, or what is not summed up by rule. */
  async #takeExtra(name: 'leaves' | 'groups', from: number, repairs: boolean): Promise<void> {
    const partition = auditPartitions[name];
    for await (const row of scanRows(this.kv, partition, { from: ordinalKey(from) })) {
      this.#faults.push({ partition, key: String(ordinalOf(row.key)), is: 'extra' });
      if (repairs) await this.kv.deleteIf(partition, row.key, row);
    }
  }
}

function namesDue(record: AuditRecord): Due[] {
  const named = namedBy(record);
  if (!named) return [];
  const { uid, name } = named;
  const life = `${name}/${uid}`;
  const { names, lives } = auditPartitions;
  return [
    { partition: names, key: utf8(uid), name: uid, bytes: utf8(name) },
    { partition: lives, key: utf8(life), name: life, bytes: new Uint8Array() },
  ];
}

const leafDue = (ordinal: number, leaf: Leaf): Due => ({
  partition: auditPartitions.leaves,
  key: ordinalKey(ordinal),
  name: String(ordinal),
  bytes: encodeLeaf(leaf),
});

function groupDue(ordinal: number, leaves: readonly Leaf[]): Due[] {
  const { span, spans, chunks } = groupOf(leaves);
  const partition = auditPartitions.group(ordinal);
  return [
    ...chunks.map((bytes, at) => ({ partition, key: chunkKey(at), name: String(1 + at), bytes })),
    { partition, key: spansKey, name: '0', bytes: spans },
    {
      partition: auditPartitions.groups,
      key: ordinalKey(ordinal),
      name: String(ordinal),
      bytes: encodeSpan(span),
    },
  ];
}

const ordinalOf = (key: Uint8Array): number => Number(Buffer.from(key).readBigUInt64BE());
