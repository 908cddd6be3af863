import { describe, expect, it } from '@jest/globals';
import type { StreamAppend } from '../../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { fromUtf8, utf8 } from '../../../src/shared/bytes.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** What the views show of an append, and when. */
export function viewsContract(opened: () => OpenedLog): void {
  const append = (...appends: StreamAppend[]) => opened().log.append(appends, context);
  const rowsOf = async (stream: string) => {
    const partition = `notes/${stream}`;
    const [rows] = await opened().kv.read([{ kind: 'scan', partition, limit: 1000 }]);
    return rows?.map(({ key, value }) => `${fromUtf8(key)}=${fromUtf8(value)}`).join(' ');
  };

  describe('the views', () => {
    it('show an append once it is answered', async () => {
      const stream = newStream();
      await append(writing(stream, ['put', 'a', '1'], ['put', 'b', '2']));
      expect(await rowsOf(stream)).toBe('a=1 b=2');
    });

    it('show nothing of an append that was refused', async () => {
      const stream = newStream();
      const wish = { ...writing(stream, ['put', 'a', '1']), expected: 4 };
      await expect(append(wish)).rejects.toThrow(WrongExpectedRevision);
      expect(await rowsOf(stream)).toBe('');
    });

    for (const [what, writes, rows] of histories) {
      it(`show ${what}, in one append`, async () => {
        const stream = newStream();
        await append(writing(stream, ...writes));
        expect(await rowsOf(stream)).toBe(rows);
      });

      it(`show ${what}, over appends that wait together`, async () => {
        const stream = newStream();
        await Promise.all(writes.map((write) => append(writing(stream, write))));
        expect(await rowsOf(stream)).toBe(rows);
      });

      it(`show ${what}, over appends one after the other`, async () => {
        const stream = newStream();
        for (const write of writes) await append(writing(stream, write));
        expect(await rowsOf(stream)).toBe(rows);
      });
    }

    it('take only what was accepted of appends that wait together', async () => {
      const stream = newStream();
      const refused = { ...writing(stream, ['put', 'a', 'refused']), expected: 9 };
      await Promise.allSettled([
        append(writing(stream, ['put', 'a', 'first'])),
        append(refused),
        append({ ...writing(stream, ['drop', '']), expected: 9 }),
        append(writing(stream, ['put', 'b', 'second'])),
      ]);
      expect(await rowsOf(stream)).toBe('a=first b=second');
    });

    it('take nothing of a refused put or delete among accepted ones', async () => {
      const stream = newStream();
      await append(writing(stream, ['put', 'a', 'old'], ['put', 'b', 'old']));
      const refused = (...write: Write) => ({ ...writing(stream, write), expected: 99 });
      await Promise.allSettled([
        append(writing(stream, ['put', 'c', 'new'])),
        append(refused('put', 'a', 'refused')),
        append(refused('delete', 'b')),
        append(writing(stream, ['delete', 'd'])),
      ]);
      expect(await rowsOf(stream)).toBe('a=old b=old c=new');
    });

    it('drop a partition and leave its neighbours', async () => {
      const [one, two] = [newStream(), newStream()];
      await append(writing(one, ['put', 'a', '1']), writing(two, ['put', 'a', '2']));
      await append(writing(one, ['drop', '']));
      expect([await rowsOf(one), await rowsOf(two)]).toEqual(['', 'a=2']);
    });

    it('give a row another version when its value changes', async () => {
      const stream = newStream();
      const read = [{ kind: 'get', partition: `notes/${stream}`, key: utf8('a') }] as const;
      await append(writing(stream, ['put', 'a', '1']));
      const [before] = await opened().kv.read(read);
      await append(writing(stream, ['put', 'a', '2']));
      const [after] = await opened().kv.read(read);
      expect(after?.[0]?.version).not.toBe(before?.[0]?.version);
    });
  });
}

/** What is written, in its order, and what is to be seen then. */
type Write = readonly [kind: 'put' | 'delete' | 'drop', ...keyAndValue: string[]];
const histories: readonly (readonly [string, readonly Write[], string])[] = [
  [
    'the last put of a key',
    [
      ['put', 'a', '1'],
      ['put', 'a', '2'],
    ],
    'a=2',
  ],
  [
    'no key that was deleted last',
    [
      ['put', 'a', '1'],
      ['delete', 'a'],
    ],
    '',
  ],
  [
    'a key that came back',
    [
      ['put', 'a', '1'],
      ['delete', 'a'],
      ['put', 'a', '2'],
    ],
    'a=2',
  ],
  ['no trace of deleting nothing', [['delete', 'a']], ''],
  [
    'nothing after all was dropped',
    [
      ['put', 'a', '1'],
      ['put', 'b', '1'],
      ['drop', ''],
    ],
    '',
  ],
  [
    'what came after a drop',
    [
      ['put', 'a', '1'],
      ['drop', ''],
      ['put', 'b', '2'],
    ],
    'b=2',
  ],
  [
    'what lies outside a dropped range, whose end is not in it',
    [
      ['put', 'a', '1'],
      ['put', 'b', '2'],
      ['put', 'c', '3'],
      ['drop', 'b', 'c'],
    ],
    'a=1 c=3',
  ],
  [
    'what lies below a range without an end',
    [
      ['put', 'a', '1'],
      ['put', 'b', '2'],
      ['put', 'c', '3'],
      ['drop', 'b'],
    ],
    'a=1',
  ],
  [
    'what lies above a range without a beginning',
    [
      ['put', 'a', '1'],
      ['put', 'b', '2'],
      ['drop', '', 'b'],
    ],
    'b=2',
  ],
];

const writing = (stream: string, ...writes: Write[]): StreamAppend => ({
  stream,
  expected: 'any',
  events: writes.map((write) => newEvent({ data: { writes: [write] } })),
});
