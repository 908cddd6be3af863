import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OpenApiDocument } from '../../src/api/openapi/document-shapes.js';
import { ALL_OPERATIONS, API_PREFIX, PUBLIC_OPERATIONS } from '../../src/api/operations.js';
import { Query } from '../../src/api/query.js';
import { BASIC, json, type RunningEdge, runEdge } from './running-edge.js';
import { BODY } from './sample-body.js';
import { standIns } from './stand-ins.js';

let edge: RunningEdge;
let document: OpenApiDocument;
let text: string;
beforeAll(async () => {
  edge = await runEdge(standIns);
  const response = await fetch(`${edge.url}/openapi.json`);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  text = await response.text();
  document = JSON.parse(text) as OpenApiDocument;
});
afterAll(() => edge.close());

const served = ALL_OPERATIONS.filter((each) => each.status === 'served');

/** The real method, with a note of the names that it was asked for. */
function read<Name extends 'text' | 'has'>(name: Name, asked: Set<string>): Query[Name] {
  const real = Query.prototype[name] as (name: string) => never;
  return function (this: Query, parameter: string) {
    asked.add(parameter);
    return real.call(this, parameter);
  };
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [path, method, operation] as const),
  );

describe('the document of the API', () => {
  it('is the stored one: npm run openapi renews it', () => {
    if (process.env['RENEW'] === 'openapi') writeFileSync('docs/openapi.json', `${text}\n`);
    expect(JSON.parse(readFileSync('docs/openapi.json', 'utf8'))).toEqual(document);
  });

  it('has each served operation, by its id, its method and its path, and no other', () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
      ),
    );
    const wanted = served.map(
      ({ operationId, method, path }) => `${operationId} ${method} ${path}`,
    );
    expect(told.toSorted()).toEqual(wanted.toSorted());
  });

  it('asks for a caller wherever the server does', () => {
    const open = Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .filter((operation) => operation.security?.length === 0)
      .map((operation) => operation.operationId);
    const wanted = served.map((each) => each.operationId).filter((id) => PUBLIC_OPERATIONS.has(id));
    expect(open.toSorted()).toEqual(wanted.toSorted());
  });

  it('tells every query parameter that an operation reads', async () => {
    const asked = new Set<string>();
    const texts = jest.spyOn(Query.prototype, 'text').mockImplementation(read('text', asked));
    const has = jest.spyOn(Query.prototype, 'has').mockImplementation(read('has', asked));
    for (const [path, method, { operationId, parameters = [] }] of operations()) {
      asked.clear();
      const url = edge.url + API_PREFIX + path.replaceAll(/\{\w+\}/g, 'main');
      const body = /^(?:get|head)$/.test(method) ? {} : json(BODY);
      const init = { ...body, method: method.toUpperCase(), redirect: 'manual' as const };
      const headers = { ...init.headers, authorization: BASIC };
      await (await fetch(`${url}?path=x`, { ...init, headers })).arrayBuffer();
      const told = parameters.filter((each) => each.in === 'query').map((each) => each.name);
      const untold = [...asked].filter((name) => !told.includes(name));
      expect([operationId, untold]).toEqual([operationId, []]);
    }
    texts.mockRestore();
    has.mockRestore();
  });

  it('points at nothing that is not in it', () => {
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    const known = Object.keys(document.components.schemas);
    expect(names.filter((name) => name === undefined || !known.includes(name))).toEqual([]);
    expect(known.filter((name) => !names.includes(name))).toEqual([]);
  });
});
