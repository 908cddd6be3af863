import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import type { KvRow } from '../ports/kv-store.js';
import { ReadTap } from './read-tap.js';

const READS = 3;

function number(value: number | bigint, sizeBytes: 2 | 4 | 8): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  if (sizeBytes === 8) bytes.writeBigInt64BE(BigInt(value));
  else bytes.writeIntBE(Number(value), 0, sizeBytes);
  return bytes;
}

const message = (kind: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(kind, 'latin1'), number(body.length + 4, 4), body]);

const sized = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length, 4), bytes]);

interface Sent extends Omit<KvRow, 'version'> {
  readonly ordinal: number;
  readonly version: number;
}

const row = ({ ordinal, key, value, schema, version }: Sent): Buffer =>
  message(
    'D',
    Buffer.concat([
      number(5, 2),
      sized(number(ordinal, 4)),
      sized(Buffer.from(key)),
      sized(Buffer.from(value)),
      sized(number(schema, 2)),
      sized(number(version, 8)),
    ]),
  );

const bytes = fc.uint8Array({ maxLength: 40 });
const rows = fc.record({
  ordinal: fc.nat(READS - 1),
  key: bytes,
  value: bytes,
  schema: fc.integer({ min: 1, max: 32_767 }),
  version: fc.maxSafeNat(),
});
const others = fc.record({
  kind: fc.constantFrom('1', '2', 'C', 'N', 'S', 'A', 'E'),
  body: bytes.map((array) => Buffer.from(array)),
});
const READY = message('Z', Buffer.from('I'));

function listening() {
  const stream = new PassThrough();
  const heard: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => heard.push(chunk));
  return { stream, heard, tap: ReadTap.on(stream) };
}

describe(`rows of a read, taken out of what a server sends (SEED=${seed})`, () => {
  it('are those that were sent, and the driver hears all else, however it is cut', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(rows, others)),
        fc.array(fc.integer({ min: 1, max: 60 })),
        (all, cuts) => {
          const { stream, heard, tap } = listening();
          const found = Array.from({ length: READS }, (): KvRow[] => []);
          tap.begin(found);
          const parts = all.map((one) => ('kind' in one ? message(one.kind, one.body) : row(one)));
          // What stands behind the end of the read is another one's, and the driver's.
          const [late] = fc.sample(rows, { numRuns: 1, seed });
          let rest = Buffer.concat([...parts, READY, ...(late ? [row(late)] : [])]);
          for (const cut of cuts) {
            stream.emit('data', Buffer.from(rest.subarray(0, cut)));
            rest = rest.subarray(cut);
          }
          stream.emit('data', rest);
          const sent = all.flatMap((one) => ('kind' in one ? [] : [one]));
          const expected = found.map((_, at) => sent.filter(({ ordinal }) => ordinal === at));
          expect(found.map((each) => each.map(plain))).toEqual(
            expected.map((each) => each.map(plain)),
          );
          expect(tap.fault).toBeUndefined();
          const passed = parts.filter((_, at) => 'kind' in (all[at] ?? {}));
          expect(Buffer.concat(heard)).toEqual(
            Buffer.concat([...passed, READY, ...(late ? [row(late)] : [])]),
          );
        },
      ),
      { seed },
    ));

  it('end the read, not the process, when one is of no read', () => {
    const { stream, heard, tap } = listening();
    tap.begin([[]]);
    const stray = { ordinal: 4, key: Buffer.of(1), value: Buffer.of(2), schema: 1, version: 1 };
    stream.emit('data', Buffer.concat([row(stray), READY]));
    expect(tap.fault).toEqual(expect.objectContaining({ message: 'a row belongs to a read' }));
    expect(Buffer.concat(heard)).toEqual(READY);
    tap.begin([[]]);
    expect(tap.fault).toBeUndefined();
  });

  it('keep nothing of what else was sent', () => {
    const { stream, tap } = listening();
    const found: KvRow[][] = [[]];
    tap.begin(found);
    const sent = row({ ordinal: 0, key: Buffer.of(1), value: Buffer.of(2), schema: 1, version: 1 });
    stream.emit('data', sent);
    sent.fill(0);
    expect(found[0]?.map(({ key, value }) => [...key, ...value])).toEqual([[1, 2]]);
  });
});

const plain = ({ key, value, schema, version }: Omit<Sent, 'ordinal'> | KvRow) => ({
  key: [...key],
  value: [...value],
  schema,
  version: String(version),
});
