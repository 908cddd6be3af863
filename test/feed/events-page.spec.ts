import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEvent, encodeEvent, eventSchemas } from '../../src/domain/event-types.js';
import { placeOfEvent } from '../../src/domain/event-place.js';
import { TOLD_TYPES } from '../../src/queries/feed/told-types.js';
import { eventSamples } from '../support/samples/event.samples.js';
import { declared, eventsPage, fieldsOfEvent, toldShapes } from './events-page.js';

const PAGE = new URL('../../docs/events.md', import.meta.url);

describe('the page of all events', () => {
  let page = '';
  beforeAll(async () => {
    page = await eventsPage();
  });

  it('is what the sources say: npm run events', () => {
    if (process.env['RENEW'] === 'events') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });

  it.each(TOLD_TYPES)('says what %s is, where it stands, and what is in it', (type) => {
    expect(page.match(new RegExp(`^### ${type}$`, 'gm'))).toHaveLength(1);
    expect(declared.get(type)?.about).toMatch(/\w/);
    const told = fieldsOfEvent(type);
    const { data } = encodeEvent(eventSamples[type].event);
    const names = told.map(({ name }) => name);
    expect(Object.keys(data).filter((name) => !names.includes(name))).toEqual([]);
    expect(told.filter(({ about }) => about === '').map(({ name }) => name)).toEqual([]);
  });

  it('says what each field of a shape means', () => {
    const unsaid = toldShapes().flatMap(([shape, fields]) =>
      fields.filter(({ about }) => about === '').map(({ name }) => `${shape}.${name}`),
    );
    expect(unsaid).toEqual([]);
  });
});

describe('what consumers of the feed are told', () => {
  it('holds no word of a secret, in any shape that was ever stored', () => {
    for (const type of TOLD_TYPES) {
      const text = JSON.stringify(eventSamples[type].event);
      expect([type, /seal|secret|password|fingerprint|signature/i.exec(text)?.[0]]).toEqual([
        type,
        undefined,
      ]);
    }
  });

  it('is said of every type that there is: who adds one says whether it is told', () => {
    const kept = Object.keys(eventSchemas).filter(
      (type) => !TOLD_TYPES.some((one) => one === type),
    );
    expect(kept.toSorted()).toEqual([
      'AddressLinked',
      'InstallationSetUp',
      'MultipartAborted',
      'MultipartCompleted',
      'MultipartSealed',
      'MultipartStarted',
      'PartStored',
      'PartsRemoved',
      'RequestAnswered',
      'RequestBegun',
      'RequestForgotten',
      'RequestTookEffect',
    ]);
  });

  it('belongs to a repository, whose uid its stream or its data says', () => {
    for (const type of TOLD_TYPES) {
      const { stream, event } = eventSamples[type];
      const { data } = encodeEvent(decodeEvent(encodeEvent(event)));
      expect([type, placeOfEvent({ stream, data }).uid]).toEqual([
        type,
        expect.stringMatching(/^[0-9a-v]{20}$/),
      ]);
    }
  });
});
