import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { utf8 } from '../shared/bytes.js';
import { eventSchemas } from './event-types.js';
import { isOutsideType, keepOutside, outsideOf } from './outside-event.js';

const event = {
  type: 'OrderPlaced',
  contentType: 'application/json',
  data: utf8('{"a": 1}'),
  metadata: new Uint8Array(),
};

describe("an outsider's event", () => {
  it(`comes back as it was, byte for byte (seed ${seed})`, () => {
    const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(utf8));
    const events = fc.record({
      type: fc.string({ minLength: 1 }),
      contentType: fc.constantFrom('application/json', 'application/octet-stream'),
      data: bytes,
      metadata: bytes,
    });
    const property = fc.property(events, (given) => {
      const { type, data } = keepOutside(given);
      const stored = JSON.parse(JSON.stringify(data)) as object;
      expect(outsideOf({ type, data: stored })).toEqual(given);
    });
    fc.assert(property, { seed, numRuns: 100 });
  });

  it('is none of ours, even by the name of one', () => {
    for (const type of Object.keys(eventSchemas)) {
      expect(isOutsideType(type)).toBe(false);
      expect(keepOutside({ ...event, type }).type in eventSchemas).toBe(false);
    }
  });

  it('keeps white space, which JSON need not', () => {
    expect(keepOutside(event).data).toEqual({ contentType: 'application/json', data: '{"a": 1}' });
  });

  it('is never much longer in the log than it is', () => {
    for (const byte of [0x00, 0x01, 0x22, 0x5c, 0x61, 0xff]) {
      const data = new Uint8Array(30_000).fill(byte);
      const size = Buffer.byteLength(JSON.stringify(keepOutside({ ...event, data }).data));
      expect(size).toBeLessThan((data.length * 4) / 3 + 100);
    }
  });
});
