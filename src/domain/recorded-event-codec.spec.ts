import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { fromUtf8, utf8 } from '../shared/bytes.js';
import type { CommandId, EventId } from './model.js';
import { carry, type CodedEvent, uncarry } from './recorded-event-codec.js';

const event: CodedEvent = {
  id: '6d6f7261-696e-552d-a576-656e742d6964' as EventId,
  type: 'ObjectStaged',
  version: 2,
  data: { path: 'a/b', sizeBytes: 7 },
  closes: false,
  atMs: 1_700_000_000_123,
  caller: 'admin',
  requestId: 'request',
  commandId: 'command' as CommandId,
};

/** Any UTF-16 unit by itself, so half surrogate pairs too, and often those that hurt. */
const unit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
const texts = fc.string({ unit: fc.oneof(fc.constantFrom('\0', '\ud800', '"', '\\'), unit) });

describe('an event that is carried', () => {
  it(`comes back as it was, whatever stands in it (seed ${seed})`, () => {
    const events = fc.record({
      id: fc.uuid() as fc.Arbitrary<EventId>,
      type: fc.string({ minLength: 1 }),
      version: fc.integer({ min: 1, max: 32_767 }),
      data: fc.dictionary(texts, fc.jsonValue({ noUnicodeString: false })),
      closes: fc.boolean(),
      key: fc.uint8Array(),
      atMs: fc.maxSafeInteger(),
      caller: texts,
      requestId: texts,
      commandId: texts as fc.Arbitrary<CommandId>,
    });
    const property = fc.property(events, (given) => {
      // What a log has stored as JSON: it knows no -0.
      const stored = JSON.parse(JSON.stringify(given.data)) as CodedEvent['data'];
      expect(uncarry(carry({ ...given, data: stored }))).toEqual({ ...given, data: stored });
    });
    fc.assert(property, { seed, numRuns: 100 });
  });

  it('keeps keys that objects have of their own', () => {
    const data = JSON.parse('{"__proto__":{"a":1},"constructor":"x"}') as CodedEvent['data'];
    const back = uncarry(carry({ ...event, data }));
    expect(JSON.stringify(back?.data)).toBe(JSON.stringify(data));
  });

  it('is JSON that anyone can read', () => {
    const carried = carry({ ...event, closes: true, key: utf8('a/b') });
    expect(fromUtf8(carried.data)).toBe('{"path":"a/b","sizeBytes":7}');
    expect(JSON.parse(fromUtf8(carried.metadata))).toEqual({
      $correlationId: 'command',
      moraine: {
        version: 2,
        atMs: 1_700_000_000_123,
        caller: 'admin',
        requestId: 'request',
        closes: true,
        key: 'YS9i',
      },
    });
  });
});

describe('an event of somebody else', () => {
  const ours = carry(event);
  const others: Record<string, Partial<typeof ours>> = {
    'without metadata': { metadata: utf8('') },
    'with metadata that is no JSON': { metadata: new Uint8Array([0xff, 0xfe]) },
    'with other metadata': { metadata: utf8('{"$correlationId":"x"}') },
    'with metadata that is an array': { metadata: utf8('[]') },
    'with data that is no JSON': { data: utf8('{') },
    'with data that is no object': { data: utf8('[1]') },
    'of another content type': { contentType: 'application/octet-stream' },
  };
  it.each(Object.entries(others))('is not taken for one of ours: %s', (_, other) => {
    expect(uncarry({ ...ours, ...other })).toBeUndefined();
  });
});
