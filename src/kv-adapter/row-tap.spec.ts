import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { RowTap } from './row-tap.js';

const sized = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const NULL = Buffer.from('ffffffff', 'hex');

function message(kind: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind, 'latin1'), length, body]);
}

function row(fields: readonly (Buffer | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(fields.length);
  return message('D', Buffer.concat([count, ...fields.map((one) => (one ? sized(one) : NULL))]));
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const sent = fc.oneof(
  fc.record({ kind: fc.constantFrom('1', '2', 'C', 'T', 'Z', 'N'), body: bytes }),
  fc.record({ fields: fc.array(fc.option(bytes), { maxLength: 6 }) }),
);

describe(`rows taken out of what a server sends (SEED=${seed})`, () => {
  it('are those that were sent, and the driver hears all else, however it is cut', () =>
    fc.assert(
      fc.property(fc.array(sent), fc.array(fc.integer({ min: 1, max: 30 })), (all, cuts) => {
        const stream = new PassThrough();
        const heard: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => heard.push(chunk));
        const tap = RowTap.on(stream);
        const parts = all.map((one) =>
          'fields' in one ? row(one.fields) : message(one.kind, one.body),
        );
        let rest = Buffer.concat(parts);
        for (const cut of cuts) {
          stream.emit('data', rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        stream.emit('data', rest);
        const rows = all.flatMap((one) => ('fields' in one ? [one.fields] : []));
        expect(tap.take()).toEqual(rows);
        expect(tap.take()).toEqual([]);
        const others = parts.filter((_, at) => !('fields' in (all[at] ?? {})));
        expect(Buffer.concat(heard)).toEqual(Buffer.concat(others));
      }),
      { seed },
    ));

  it('have memory of their own', () => {
    const stream = new PassThrough();
    const tap = RowTap.on(stream);
    stream.emit('data', row([Buffer.from('a'), Buffer.from('bc')]));
    const [fields = []] = tap.take();
    expect(fields.map((field) => field?.buffer.byteLength)).toEqual([1, 2]);
  });
});
