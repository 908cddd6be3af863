import { setTimeout as delay } from 'node:timers/promises';
import type { SourceBlock } from '../../../src/ports/block-store.js';
import type { KvRead, KvRow, KvStore } from '../../../src/ports/kv-store.js';
import { over, type Defect, type Hand } from './defect.js';

const STALE_MS = 25;
/** Rows of a scan that are read before the others. */
const FIRST_PART = 1;

/** What a view may show wrongly, or who reads it. */
export const IN_READS: readonly Defect[] = [
  {
    name: 'a read is answered from a cache of the node',
    plant: (adapters, hand) => {
      const { kv } = adapters;
      const seen = new Map<string, { readonly rows: Rows; readonly atMs: number }>();
      const read = async (reads: readonly KvRead[]): Promise<Rows> => {
        const key = reads.map(textOf).join();
        const known = seen.get(key);
        const isFresh = known !== undefined && performance.now() - known.atMs < STALE_MS;
        if (isFresh && hand.strikes(3)) return known.rows;
        const rows = await kv.read(reads);
        seen.set(key, { rows, atMs: performance.now() });
        return rows;
      };
      return hand.node === 0 ? adapters : { ...adapters, kv: over(kv, { read }) };
    },
  },
  {
    name: 'that something is not there is remembered',
    plant: (adapters, hand) => {
      const { kv } = adapters;
      const missing = new Map<string, number>();
      const read = async (reads: readonly KvRead[]): Promise<Rows> => {
        const rows = await kv.read(reads);
        return rows.map((found, index) => {
          const one = reads[index];
          if (one?.kind !== 'get' || !one.partition.startsWith('branches')) return found;
          const key = textOf(one);
          const untilMs = missing.get(key) ?? 0;
          if (found.length === 0) missing.set(key, performance.now() + STALE_MS);
          return performance.now() < untilMs && hand.strikes(1) ? [] : found;
        });
      };
      return { ...adapters, kv: over(kv, { read }) };
    },
  },
  {
    name: 'a listing goes on in a later state',
    plant: (adapters, hand) => {
      const { kv } = adapters;
      return { ...adapters, kv: over(kv, { read: (reads) => inParts(kv, reads, hand) }) };
    },
  },
  {
    name: 'a snapshot moves on',
    plant: (adapters, hand) => {
      const { kv } = adapters;
      const read = (reads: readonly KvRead[]) => inParts(kv, reads, hand);
      return { ...adapters, kv: over(kv, { snapshot: (work) => work({ read }) }) };
    },
  },
  {
    name: 'a commit loses a write of a sealed token',
    plant: (adapters, hand) => {
      const { committed } = adapters;
      const fewer = async function* (changes: Parameters<typeof committed.lay>[2]) {
        for await (const batch of changes) {
          yield batch.length > 1 && hand.strikes(4) ? [...batch].slice(1) : batch;
        }
      };
      return {
        ...adapters,
        committed: over(committed, {
          lay: (namespace, base, changes, parameters) =>
            committed.lay(namespace, base, fewer(changes), parameters),
        }),
      };
    },
  },
  {
    name: 'an import brings what another one was to bring',
    plant: (adapters, hand) => {
      const { blocks } = adapters;
      let former: SourceBlock | undefined;
      const listSource = async function* (...of: Parameters<typeof blocks.listSource>) {
        for await (const block of blocks.listSource(...of)) {
          const other = former;
          former = block;
          yield other && hand.strikes(4) ? { ...other, key: block.key } : block;
        }
      };
      return { ...adapters, blocks: over(blocks, { listSource }) };
    },
  },
  {
    name: 'an import that was done is said to have failed',
    answer: (operation, answer, hand) =>
      operation.do === 'import' && answer.is === 'done' && hand.strikes(2)
        ? { is: 'refused', why: 'dirty' }
        : answer,
  },
  {
    name: 'a client is told what was computed and not what was recorded',
    answer: (operation, answer, hand) => {
      if (operation.do !== 'commit' || answer.is !== 'done' || !hand.strikes(8)) return answer;
      // As a node has it that lost the race to record a result of its own.
      return { ...answer, commit: (answer.commit ?? '').split('').toReversed().join('') };
    },
  },
  {
    name: 'a failed commit says that there was nothing to commit',
    answer: (operation, answer, hand) =>
      operation.do === 'commit' && answer.is === 'done' && hand.strikes(8)
        ? { is: 'refused', why: 'no_changes' }
        : answer,
  },
  {
    name: 'a write that was stored is refused',
    answer: (operation, answer, hand) =>
      operation.do === 'put' && operation.isIfAbsent && answer.is === 'done' && hand.strikes(8)
        ? { is: 'refused', why: 'path_exists' }
        : answer,
  },
];

/** Reads what a scan has to give in two goes, and lets others write between. */
async function inParts(kv: KvStore, reads: readonly KvRead[], hand: Hand): Promise<Rows> {
  const rows = await kv.read(reads);
  if (!rows.some((found) => found.length > FIRST_PART) || !hand.strikes(1)) return rows;
  await delay(6);
  const later = await kv.read(reads);
  return rows.map((found, index) => {
    const last = found[FIRST_PART - 1];
    if (reads[index]?.kind !== 'scan' || last === undefined) return found;
    const behind = later[index]?.filter(({ key }) => Buffer.compare(key, last.key) > 0) ?? [];
    return [...found.slice(0, FIRST_PART), ...behind];
  });
}

type Rows = readonly (readonly KvRow[])[];

const textOf = (read: KvRead): string =>
  JSON.stringify(read, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
