import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { KvRow, KvStore } from '../../ports/kv-store.js';
import { PredicateFailed, UnknownOutcome } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { afterPrefix, fromUtf8, utf8 } from '../../shared/bytes.js';
import { scanRows } from '../scan-rows.js';
import { decodeLeaf, decodeSpan, decodeSpans, encodeLeaf, encodeSpan } from './audit-segments.js';
import { CHUNKS, type Group, type Leaf, type Span } from './audit-segments.js';

/**
 * One up whenever a leaf of events that are in logs already would be another one: the index is
 * built anew then, beside the old one.
 */
export const AUDIT_INDEX_VERSION = 1;
export const AUDIT_SCHEMA = 1;

const base = `plain/audit-${AUDIT_INDEX_VERSION}`;

export const auditPartitions = {
  /** ordinal → leaf */
  leaves: `${base}/leaves`,
  /** ordinal → span of a group that is written whole */
  groups: `${base}/groups`,
  /** 0 → spans of its leaves; 1 + n → chunk n */
  group: (ordinal: number) => `${base}/group-${ordinal}`,
  /** uid → name of every repository there ever was */
  names: `${base}/names`,
  /** `<name>/<uid>` → "" */
  lives: `${base}/lives`,
} as const;

export const ordinalKey = (ordinal: number): Uint8Array => {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(ordinal));
  return Uint8Array.from(key);
};
export const chunkKey = (chunk: number): Uint8Array => ordinalKey(1 + chunk);
export const spansKey: Uint8Array = ordinalKey(0);

/** A group that is there, with the spans of its leaves and some of its chunks. */
export interface GroupRows {
  readonly spans: readonly Span[];
  readonly chunks: ReadonlyMap<number, Uint8Array>;
}

/** The rows of the audit's index, as what they hold. */
export class AuditRows {
  constructor(private readonly kv: KvStore) {}

  /** Returns the groups from an ordinal on. */
  async groups(from: number): Promise<Span[]> {
    const spans: Span[] = [];
    const options = { from: ordinalKey(from) };
    for await (const row of scanRows(this.kv, auditPartitions.groups, options)) {
      spans.push(decodeSpan(row.value));
    }
    return spans;
  }

  /** Returns the leaves from an ordinal on, at most so many, as far as none is missing. */
  async leaves(from: number, amount: number): Promise<Leaf[]> {
    const until = ordinalKey(from + amount);
    const read = { kind: 'scan', partition: auditPartitions.leaves, limit: amount } as const;
    const [rows = []] = await this.kv.read([{ ...read, from: ordinalKey(from), until }]);
    return rows.map(({ value }) => decodeLeaf(value));
  }

  /** Returns several groups with the same chunks of each, of one state. */
  async group(ordinals: readonly number[], chunks: readonly number[]): Promise<GroupRows[]> {
    const rowKeys = [spansKey, ...chunks.map(chunkKey)];
    const found = await this.kv.read(
      ordinals.flatMap((ordinal) =>
        rowKeys.map((key) => {
          return { kind: 'get', partition: auditPartitions.group(ordinal), key } as const;
        }),
      ),
    );
    return ordinals.map((_, at) => {
      const rows = found.slice(at * rowKeys.length, (at + 1) * rowKeys.length);
      const [spans, ...bits] = rows.map(([row]) => valueOf(row));
      assert(spans !== undefined, 'a group has its spans');
      return {
        spans: decodeSpans(spans),
        chunks: new Map(bits.map((value, index) => [chunks[index] ?? 0, value])),
      };
    });
  }

  /** Returns what is called so: every life of a name, of those that leaves tell of. */
  async livesOf(name: RepositoryId): Promise<RepositoryUid[]> {
    const from = utf8(`${name}/`);
    const until = afterPrefix(from);
    const uids: RepositoryUid[] = [];
    const options = { from, ...(until && { until }) };
    for await (const { key } of scanRows(this.kv, auditPartitions.lives, options)) {
      uids.push(fromUtf8(key).slice(name.length + 1) as RepositoryUid);
    }
    return uids;
  }

  async namesOf(uids: readonly RepositoryUid[]): Promise<Map<RepositoryUid, RepositoryId>> {
    const names = new Map<RepositoryUid, RepositoryId>();
    const partition = auditPartitions.names;
    const gets = uids.map((uid) => ({ kind: 'get', partition, key: utf8(uid) }) as const);
    const found = gets.length === 0 ? [] : await this.kv.read(gets);
    for (const [at, [row]] of found.entries()) {
      const uid = uids[at];
      if (row && uid !== undefined) names.set(uid, fromUtf8(row.value) as RepositoryId);
    }
    return names;
  }

  async putName(uid: RepositoryUid, name: RepositoryId): Promise<void> {
    await this.put(auditPartitions.names, utf8(uid), utf8(name));
    await this.put(auditPartitions.lives, utf8(`${name}/${uid}`), new Uint8Array());
  }

  async putLeaf(ordinal: number, leaf: Leaf): Promise<void> {
    await this.put(auditPartitions.leaves, ordinalKey(ordinal), encodeLeaf(leaf));
  }

  /** Its span last: whoever sees that finds all of the rest. */
  async putGroup(ordinal: number, { span, spans, chunks }: Group): Promise<void> {
    const partition = auditPartitions.group(ordinal);
    assert(chunks.length === CHUNKS, 'a group has all of its chunks');
    for (let at = 0; at < chunks.length; at += PUTS_AT_ONCE) {
      const some = chunks.slice(at, at + PUTS_AT_ONCE);
      await Promise.all(
        some.map((chunk, index) => this.put(partition, chunkKey(at + index), chunk)),
      );
    }
    await this.put(partition, spansKey, spans);
    await this.put(auditPartitions.groups, ordinalKey(ordinal), encodeSpan(span));
  }

  /** Every node writes the same: who comes second has nothing left to do. */
  async put(partition: string, key: Uint8Array, bytes: Uint8Array): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.kv.setIf(partition, key, { bytes, schema: AUDIT_SCHEMA }, undefined);
        return;
      } catch (error) {
        if (error instanceof PredicateFailed) return;
        // Sent again it is written, or found to have been.
        if (!(error instanceof UnknownOutcome) || tries === PUT_TRIES_MAX) throw error;
      }
    }
  }
}

function valueOf(row: KvRow | undefined): Uint8Array {
  assert(row !== undefined, 'a row of the audit index is missing; `moraine audit verify` names it');
  return row.value;
}

/** Few, so that those who read views meanwhile find a connection. */
const PUTS_AT_ONCE = 2;
const PUT_TRIES_MAX = 3;
