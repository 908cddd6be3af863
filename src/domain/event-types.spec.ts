import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { eventSamples, type EventSample } from '../../test/support/samples/event.samples.js';
import { InvariantError } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { decodeEvent, encodeEvent, eventSchemas, type EventType } from './event-types.js';
import { upcast, type EventSchema } from './upcast.js';

interface StoredSample {
  readonly stream: string;
  readonly type: string;
  readonly version: number;
  readonly data: { readonly [key: string]: never };
}

const folder = new URL('../../test/samples/events/', import.meta.url);
const files = readdirSync(folder);
const stored = (file: string): StoredSample =>
  JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as StoredSample;
const types = Object.keys(eventSchemas) as EventType[];
const versionOf = (type: EventType) => (eventSchemas[type] as EventSchema<never>).version;

describe.each(types)('the event %s', (type) => {
  const { event } = eventSamples[type] as EventSample;

  it('comes back from a log as it went in', () => {
    const { data, version } = encodeEvent(event);
    const read = JSON.parse(JSON.stringify({ type, version, data })) as StoredSample;
    expect(decodeEvent(read)).toEqual(event);
    expect(encodeEvent(decodeEvent(read))).toEqual(encodeEvent(event));
  });

  it('has a stored sample of each of its shapes', () => {
    const shapes = Array.from({ length: versionOf(type) }, (_, at) => `${type}.v${at + 1}.json`);
    expect(files).toEqual(expect.arrayContaining(shapes));
  });
});

describe.each(files)('the stored sample %s', (file) => {
  it('is read as the event that it was', () => {
    const sample = stored(file);
    expect(file).toBe(`${sample.type}.v${sample.version}.json`);
    const { event, stream } = eventSamples[sample.type as EventType] as EventSample;
    expect(sample.stream).toBe(stream);
    expect(decodeEvent(sample)).toEqual(event);
  });

  it('is what is still written, byte for byte, when it is the newest shape', () => {
    const sample = stored(file);
    if (sample.version < versionOf(sample.type as EventType)) return;
    const { event } = eventSamples[sample.type as EventType] as EventSample;
    expect(JSON.stringify(encodeEvent(event).data)).toBe(JSON.stringify(sample.data));
  });
});

describe('an event', () => {
  it('of an unknown type is a bug here, whatever every object has', () => {
    for (const type of ['Nothing', '__proto__', 'constructor', 'toString', '']) {
      expect(() => decodeEvent({ type, version: 1, data: {} })).toThrow(InvariantError);
    }
  });

  it('of an unknown version is a bug here: newer than this program, or older than any', () => {
    for (const version of [2, 99, 0, -1, 0.5, Number.NaN]) {
      expect(() => decodeEvent({ type: 'TagCreated', version, data: {} })).toThrow(InvariantError);
    }
  });

  it('keeps metadata of any key', () => {
    const { event } = eventSamples.RepositoryMetadataSet as EventSample;
    const read = JSON.parse(JSON.stringify(encodeEvent(event))) as StoredSample;
    expect(decodeEvent(read)).toMatchObject({ metadata: [['__proto__', expect.any(String)], {}] });
  });

  it('keeps its type, whatever its data says', () =>
    expect(decodeEvent({ type: 'TokenOpened', version: 1, data: { type: 'x' } })).toEqual({
      type: 'TokenOpened',
    }));

  it('closes a token, and carries the path that a guard compares, where it should', () => {
    const closing = types.filter((type) => encodeEvent(sampleOf(type)).closes);
    expect(closing).toEqual([
      'MultipartSealed',
      'MultipartCompleted',
      'MultipartAborted',
      'PartsRemoved',
      'TokenClosed',
      'StagedRowsDropped',
    ]);
    const keyed = types.filter((type) => encodeEvent(sampleOf(type)).key);
    expect(keyed).toEqual(['ObjectStaged', 'ObjectCloned', 'ObjectUnstaged']);
    expect(encodeEvent(sampleOf('ObjectStaged')).key).toEqual(utf8('a'));
  });
});

describe('an older shape', () => {
  const steps = {
    1: (older: object) => ({ ...older, second: true }),
    2: (older: object) => ({ ...older, third: true }),
  };

  it('takes every step up from where it stands', () => {
    const up = (version: number) => upcast('T', { version: 3, steps }, { version, data: {} });
    expect(up(1)).toEqual({ second: true, third: true });
    expect(up(2)).toEqual({ third: true });
    expect(up(3)).toEqual({});
  });

  it('is a bug here when a step is missing', () =>
    expect(() =>
      upcast('T', { version: 3, steps: { 2: steps[2] } }, { version: 1, data: {} }),
    ).toThrow(InvariantError));
});

const sampleOf = (type: EventType) => (eventSamples[type] as EventSample).event;
