import { describe, expect, it } from '@jest/globals';
import { seed } from '../../../test/support/seed.js';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import type { BranchId, ObjectPath, RepositoryUid } from '../../domain/model.js';
import type { AuditRecord } from './audit-record.js';
import {
  chunksFor,
  decodeLeaf,
  decodeSpans,
  encodeLeaf,
  GROUP_LEAVES,
  groupOf,
  LEAF_EVENTS,
  leafOf,
  leavesWith,
  mayHave,
  type Leaf,
} from './audit-segments.js';
import { clauseOfPath, clauseOfPrefix, FOLDERS_MAX, wordOf, type Clause } from './audit-terms.js';

const random = new SeededRandom(seed);
const folder = () => `f-${random.below(30)}/`;
let position = 0;

function record(of: Partial<AuditRecord> = {}): AuditRecord {
  const path = folder().repeat(1 + random.below(3)) + `o-${random.below(10_000)}`;
  return {
    operation: 'write object',
    position: (position += 1 + random.below(3)),
    type: 'ObjectStaged',
    atMs: random.below(1_000_000),
    caller: `caller-${random.below(5)}`,
    requestId: `request-${random.below(1_000_000)}`,
    commandId: `command-${random.below(1_000_000)}`,
    branch: `branch-${random.below(3)}` as BranchId,
    repository: { uid: `${random.below(5)}` as RepositoryUid },
    paths: [path as ObjectPath],
    ...of,
  };
}

const leafWith = (records: readonly AuditRecord[]): Leaf =>
  leafOf((records[0]?.position ?? 1) - 1, records);
const records = Array.from({ length: LEAF_EVENTS }, () => record());
const leaf = leafWith(records);

/** Everything that may be asked of a record. */
const clausesOf = ({ caller, type, requestId, paths = [] }: AuditRecord): Clause[] => [
  [wordOf('caller', caller)],
  [wordOf('type', type)],
  [wordOf('request', requestId)],
  ...paths.flatMap((path) => [
    clauseOfPath(path),
    ...Array.from(path.matchAll(/\//g), ({ index }) => clauseOfPrefix(path.slice(0, index + 1))),
    clauseOfPrefix(path.slice(0, -1)),
    clauseOfPrefix(''),
  ]),
];

describe(`a leaf (SEED=${seed})`, () => {
  it('has every word of every record', () => {
    for (const each of records) expect(mayHave(leaf, clausesOf(each))).toBe(true);
  });

  it('has hardly a word of others', () => {
    const others = Array.from({ length: 5_000 }, (_, at) => [wordOf('request', `other-${at}`)]);
    expect(others.filter((clause) => mayHave(leaf, [clause])).length).toBeLessThan(100);
  });

  it('says when its events were written, in whatever order their clocks were', () => {
    const times = records.map(({ atMs }) => atMs);
    expect(leaf).toMatchObject({ minAtMs: Math.min(...times), maxAtMs: Math.max(...times) });
  });

  it('comes back from the store as it was', () => {
    expect(decodeLeaf(encodeLeaf(leaf))).toEqual(leaf);
  });

  it('is the same on every node', () => {
    expect(encodeLeaf(leafWith(records))).toEqual(encodeLeaf(leaf));
  });
});

describe('what reaches over a path', () => {
  const reset = (prefix: string) =>
    leafWith([{ ...record(), operation: 'reset', paths: [], prefixes: [prefix] }]);

  it.each(['', 'a', 'a/', 'a/b', 'a/b/', 'a/b/c'])('is found when it is %j', (prefix) => {
    expect(mayHave(reset(prefix), [clauseOfPath('a/b/c')])).toBe(true);
    expect(mayHave(reset(prefix), [clauseOfPrefix('a/b/')])).toBe(true);
    expect(mayHave(reset(prefix), [clauseOfPrefix('')])).toBe(true);
  });

  it('is not found of what lies elsewhere', () => {
    expect(mayHave(reset('x/y/'), [clauseOfPath('a/b/c')])).toBe(false);
    expect(mayHave(reset('x/y/'), [clauseOfPrefix('a/')])).toBe(false);
  });

  it('is found in folders deeper than any that is a word', () => {
    const deep = 'd/'.repeat(FOLDERS_MAX + 10);
    const path = `${deep}o` as ObjectPath;
    const written = leafWith([record({ paths: [path] })]);
    for (const at of [deep, deep.slice(0, -4), 'd/']) {
      expect(mayHave(written, [clauseOfPrefix(at)])).toBe(true);
      expect(mayHave(reset(at), [clauseOfPath(path)])).toBe(true);
    }
  });
});

describe('a group', () => {
  const each = Array.from({ length: GROUP_LEAVES }, () =>
    Array.from({ length: 10 }, () => record()),
  );
  const leaves = each.map(leafWith);
  const { span, spans, chunks } = groupOf(leaves);

  it('says of words in which leaves they are, as the leaves do', () => {
    for (let count = 0; count < 50; count++) {
      const of = random.pick(random.pick(each));
      const clauses = [random.pick(clausesOf(of)), random.pick(clausesOf(of))];
      const wanted = chunksFor(clauses);
      const read = new Map(wanted.map((at) => [at, chunks[at] ?? new Uint8Array()]));
      const found = leavesWith(clauses, read);
      expect(found).toEqual(
        [...leaves.keys()].filter((at) => mayHave(leaves[at] as Leaf, clauses)),
      );
      expect(found.length).toBeGreaterThan(0);
    }
  });

  it('has the spans of its leaves, and is where they are', () => {
    const plain = leaves.map(({ after, until, minAtMs, maxAtMs }) => {
      return { after, until, minAtMs, maxAtMs };
    });
    expect(decodeSpans(spans)).toEqual(plain);
    expect(span.after).toBe(plain[0]?.after);
    expect(span.until).toBe(plain.at(-1)?.until);
    expect(span.minAtMs).toBe(Math.min(...plain.map(({ minAtMs }) => minAtMs)));
  });
});
