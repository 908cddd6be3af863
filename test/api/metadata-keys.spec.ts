import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { LinkAddress } from '../../src/commands/address/link-address.js';
import { SetObjectMetadata } from '../../src/commands/object/set-object-metadata.js';
import { CompleteMultipart } from '../../src/commands/multipart/complete-multipart.js';
import type { OpenApiDocument } from '../../src/api/openapi/document-shapes.js';
import { API_PREFIX } from '../../src/api/operations.js';
import type { JsonSchema } from '../support/schema-faults.js';
import { type RunningEdge, runEdge } from './running-edge.js';
import { BODY } from './sample-body.js';
import { entry, standIns } from './stand-ins.js';

let edge: RunningEdge;
let named: Readonly<Record<string, JsonSchema>>;
let document: OpenApiDocument;
beforeAll(async () => {
  edge = await runEdge(
    new Map<Type<object>, (asked: never) => unknown>([
      [CompleteMultipart, () => entry],
      [LinkAddress, () => entry],
      [SetObjectMetadata, () => undefined],
      ...standIns,
    ]),
  );
  document = (await (await fetch(`${edge.url}/openapi.json`)).json()) as OpenApiDocument;
  named = document.components.schemas as typeof named;
});
afterAll(() => edge.close());

/** Names that every object has already, by JSON text: a literal would set the prototype. */
const ODD = '{"__proto__":"a","constructor":"b","hasOwnProperty":"c","toString":"d","":"e"}';
const KEPT = [
  ['', 'e'],
  ['__proto__', 'a'],
  ['constructor', 'b'],
  ['hasOwnProperty', 'c'],
  ['toString', 'd'],
];
/** Right ones, by the name of the field. */
const VALUES: Readonly<Record<string, unknown>> = {
  ...BODY,
  commit_id: 'a3'.repeat(32),
  metarange_id: '5f'.repeat(32),
  parents: [],
  destination: 'imported/',
  staging: { physical_address: 'local://lake/data/x' },
  etag: '"5d41402abc4b2a76b9719d911017c592"',
};
/** Stands for the map until the body is text. */
const MARK = '"a map of the user’s"';

describe('a map of the user’s', () => {
  it('keeps every key, in whichever operation it comes', async () => {
    const reached: string[] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, requestBody }] of Object.entries(methods)) {
        const schema = requestBody?.content['application/json']?.schema as JsonSchema | undefined;
        if (schema === undefined || !holdsMap(schema)) continue;
        const body = JSON.stringify(sample(schema, '')).replaceAll(JSON.stringify(MARK), ODD);
        const seen = edge.seen.length;
        const response = await edge.call(
          `${API_PREFIX}${path.replaceAll(/\{\w+\}/g, 'main')}?path=a`,
          { method: method.toUpperCase(), headers: { 'content-type': 'application/json' }, body },
        );
        const told = await response.text();
        // It is off here.
        if (told.includes('import is not supported')) continue;
        const pairs = edge.seen.slice(seen).flatMap((asked) => [...listsIn(asked)]);
        expect([operationId, told, pairs]).toEqual([
          operationId,
          told,
          expect.arrayContaining([KEPT]),
        ]);
        reached.push(operationId);
      }
    }
    expect(reached.length).toBeGreaterThan(9);
  });
});

function resolved(schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (named[name] ?? {});
}

function holdsMap(schema: JsonSchema): boolean {
  const { additionalProperties, properties = {} } = resolved(schema);
  return additionalProperties !== undefined || Object.values(properties).some(holdsMap);
}

/** A right body with the map in it, and no more than it needs. */
function sample(schema: JsonSchema, name: string): unknown {
  const { type, properties, required = [], additionalProperties, ...rest } = resolved(schema);
  if (additionalProperties !== undefined) return MARK;
  if (Object.hasOwn(VALUES, name)) return VALUES[name];
  if (properties !== undefined) {
    const wanted = Object.entries(properties).filter(
      ([field, each]) => required.includes(field) || holdsMap(each),
    );
    return Object.fromEntries(wanted.map(([field, each]) => [field, sample(each, field)]));
  }
  if (rest.enum !== undefined) return rest.enum[0];
  if (type === 'array') return rest.items === undefined ? [] : [sample(rest.items, name)];
  if (type === 'boolean') return false;
  return type === 'string' ? 'main' : Math.max(rest.minimum ?? 1, 1);
}

/** Every list that stands anywhere in a value. */
function* listsIn(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) yield value;
  for (const each of Object.values(value)) yield* listsIn(each);
}
