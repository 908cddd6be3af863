import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ALL_OPERATIONS,
  API_PREFIX,
  OPERATIONS,
  OPTIONAL_CALLER_OPERATIONS,
  OWN_OPERATIONS,
  PUBLIC_OPERATIONS,
} from '../../src/api/operations.js';
import { wholeApp, type WholeApp } from './whole-app.js';

let app: WholeApp;
beforeAll(async () => {
  app = await wholeApp();
}, 30_000);
afterAll(() => app.close());

/** A path with something in each of its parameters, and the query that most of them ask for. */
const urlOf = ({ path }: { path: string }) =>
  `${API_PREFIX}${path.replaceAll(/\{\w+\}/g, 'main')}?path=x`;

describe('the contract', () => {
  it('has 134 operations, each once', () => {
    expect(OPERATIONS).toHaveLength(134);
    expect(new Set(OPERATIONS.map((each) => each.operationId)).size).toBe(134);
    expect(new Set(OPERATIONS.map((each) => `${each.method} ${each.path}`)).size).toBe(134);
  });

  it('is beside ours, which are below /moraine and have names of their own', () => {
    const { length } = ALL_OPERATIONS;
    expect(length).toBe(OPERATIONS.length + OWN_OPERATIONS.length);
    expect(OWN_OPERATIONS.filter(({ path }) => !path.startsWith('/moraine/'))).toEqual([]);
    expect(new Set(ALL_OPERATIONS.map((each) => each.operationId)).size).toBe(length);
    expect(new Set(ALL_OPERATIONS.map((each) => `${each.method} ${each.path}`)).size).toBe(length);
  });

  it('is open to anybody in nine operations, and asks for nobody in one more', () => {
    expect([...PUBLIC_OPERATIONS].toSorted()).toEqual([
      'externalPrincipalLogin',
      'getAuthCapabilities',
      'getSetupState',
      'healthCheck',
      'login',
      'oauthCallback',
      'setup',
      'setupCommPrefs',
      'stsLogin',
    ]);
    expect([...OPTIONAL_CALLER_OPERATIONS]).toEqual(['getCurrentUser']);
    const known = new Set(ALL_OPERATIONS.map((each) => each.operationId));
    for (const id of [...PUBLIC_OPERATIONS, ...OPTIONAL_CALLER_OPERATIONS]) {
      expect(known).toContain(id);
    }
  });
});

describe.each(ALL_OPERATIONS)('$operationId', (operation) => {
  const { method, operationId, status } = operation;
  const isPublic = PUBLIC_OPERATIONS.has(operationId);

  it(status === 'later' ? 'is not built, and says so' : 'is served', async () => {
    const response = await app.call(urlOf(operation), { method });
    const body = await response.text();
    if (status === 'later') {
      expect([response.status, JSON.parse(body)]).toEqual([501, { message: 'Not Implemented' }]);
      return;
    }
    expect(response.status).not.toBe(501);
    expect(response.status).toBeLessThan(500);
    expect(body).not.toContain('invalid API endpoint');
    expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  it(isPublic ? 'is open to anybody' : 'is for those who are known', async () => {
    const response = await fetch(app.url + urlOf(operation), { method });
    const body = await response.text();
    if (isPublic || OPTIONAL_CALLER_OPERATIONS.has(operationId)) {
      expect(response.status).not.toBe(401);
      return;
    }
    expect(response.status).toBe(401);
    const said = JSON.stringify({ message: 'error authenticating request' });
    expect(body).toBe(method === 'HEAD' ? '' : said);
  });
});
