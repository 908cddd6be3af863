import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { golden, goldenFile, goldenRecords } from '../../test/support/golden-records.js';
import { seed } from '../../test/support/seed.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../ports/committed-store.js';
import { BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { InvariantError } from '../shared/assert.js';
import { compareBytes, utf8 } from '../shared/bytes.js';
import {
  readRecordTable,
  readRecordTableProperties,
  writeRecordTable,
  type TableRecord,
} from './record-table.js';
import { copyOf, sliceOf } from './slice.js';
import { emptyParts, readValue } from './value-codec.js';

const namespace = 'mem://records' as StorageNamespace;
const properties = {
  entity: 'commit',
  schema_name: 'io.treeverse.lakefs.graveler.CommitData',
  schema_definition: '{"name": "CommitData"}',
};
const recordOf = (key: string, data = `data of ${key}`): TableRecord => ({
  key: utf8(key),
  identity: utf8(`identity of ${key}`),
  data: utf8(data),
});

async function allOf(blocks: MemoryBlockStore, id: MetaRangeId): Promise<TableRecord[]> {
  const records: TableRecord[] = [];
  for await (const record of readRecordTable(blocks, namespace, id)) records.push(record);
  return records;
}

const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });
const records = fc
  .array(fc.record({ key: bytes(9, 1), identity: bytes(70), data: bytes(300) }), { maxLength: 80 })
  .map((all) => new Map(all.map((each) => [Buffer.from(each.key).toString('hex'), each])))
  .map((all) => [...all.values()].sort((a, b) => compareBytes(a.key, b.key)));

describe(`a table of records (SEED=${seed})`, () => {
  it('gives back what was written, in as many ranges as it takes', () =>
    fc.assert(
      fc.asyncProperty(records, fc.constantFrom(1, 5, 50_000), async (all, raggednessEntries) => {
        const blocks = new MemoryBlockStore();
        const parameters = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries };
        const id = await writeRecordTable(blocks, namespace, all, { properties, parameters });
        expect(await allOf(blocks, id)).toEqual(all);
        expect(await readRecordTableProperties(blocks, namespace, id)).toEqual(properties);
      }),
      { seed, numRuns: 100 },
    ));

  it('is what lakeFS writes, the properties in every file', async () => {
    const wanted = golden.metaranges.find(({ name }) => name === 'one_with_md');
    const blocks = new MemoryBlockStore();
    const [only] = goldenRecords(1);
    const { identity, data } = readValue(sliceOf(only!.value), emptyParts());
    const record = { key: only!.key, identity: copyOf(identity), data: copyOf(data) };
    const given = { properties: { entity: 'commit' } };
    const id = await writeRecordTable(blocks, namespace, [record], given);
    expect(id).toBe(wanted?.id);
    for (const name of [id, wanted!.ranges![0]!.id]) {
      const file = await blocks.getBytes({ namespace, key: `_lakefs/${name}` }, 10_000);
      expect(Buffer.from(file)).toEqual(goldenFile(name));
    }
  });

  it('has another id with other properties', async () => {
    const blocks = new MemoryBlockStore();
    const write = (entity: string) =>
      writeRecordTable(blocks, namespace, [recordOf('a')], { properties: { entity } });
    expect(await write('tag')).not.toBe(await write('branch'));
  });

  it('can be empty', async () => {
    const blocks = new MemoryBlockStore();
    const id = await writeRecordTable(blocks, namespace, [], { properties });
    expect(await allOf(blocks, id)).toEqual([]);
  });

  it.each([1, 50_000])('refuses keys that do not ascend (1 range in %d)', async (ragged) => {
    const written = writeRecordTable(
      new MemoryBlockStore(),
      namespace,
      ['b', 'a'].map((key) => recordOf(key)),
      {
        properties,
        parameters: { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: ragged },
      },
    );
    await expect(written).rejects.toThrow(InvariantError);
  });

  it('throws what its source throws, and names nothing', async () => {
    const blocks = new MemoryBlockStore();
    const source = (async function* () {
      yield [recordOf('a')];
      throw new Error('the log is gone');
    })();
    const written = writeRecordTable(blocks, namespace, source, { properties });
    await expect(written).rejects.toThrow('the log is gone');
    const left = [];
    for await (const block of blocks.list(namespace, { prefix: '', after: '' })) left.push(block);
    expect(left).toEqual([]);
  });

  it('says that a file is gone, or is not what its name says', async () => {
    const blocks = new MemoryBlockStore();
    const missing = 'ab'.repeat(32) as MetaRangeId;
    await expect(allOf(blocks, missing)).rejects.toThrow(BlockNotFound);
    const id = await writeRecordTable(blocks, namespace, [recordOf('a')], { properties });
    const file = await blocks.getBytes({ namespace, key: `_lakefs/${id}` }, 10_000);
    await blocks.putIfAbsent({ namespace, key: `_lakefs/${missing}` }, file);
    await expect(allOf(blocks, missing)).rejects.toThrow(CorruptData);
    await expect(readRecordTableProperties(blocks, namespace, missing)).rejects.toThrow(missing);
  });
});
