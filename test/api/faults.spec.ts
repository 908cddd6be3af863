import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { httpAdapter } from '../../src/api/http-adapter.js';
import { statusOf } from '../../src/api/http-errors.js';
import { FAULTS, LATE } from './fault-rows.js';
import { faultsPage } from './faults-page.js';
import { answerOf, rawRequest } from './raw-request.js';
import { type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

const PAGE = 'docs/faults.md';
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

describe('A request', () => {
  it('whose headers do not arrive in time is refused with 408', async () => {
    const adapter = httpAdapter({ newRequestId: () => 'an id', headersMsMax: 40 });
    const server = adapter.getInstance();
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;
    const answer = answerOf(await rawRequest(port, 'GET / HTTP/1.1\r\nHost:'));
    await server.close();
    expect([answer.status, answer.body]).toEqual([408, JSON.stringify({ message: LATE.message })]);
    expect(answer.headers.get('x-request-id')).toBe('an id');
  });
});

describe('The page of faults', () => {
  it('is the stored one: npm run openapi renews it', () => {
    if (process.env['RENEW'] === 'openapi') writeFileSync(PAGE, faultsPage());
    expect(readFileSync(PAGE, 'utf8')).toBe(faultsPage());
  });

  it('has every code of the domain, and none twice', () => {
    const codes = [...faultsPage().matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code);
    expect(codes).toEqual(Object.keys(statusOf).toSorted());
  });
});

describe.each(Object.entries(FAULTS))('%s', (_, rows) => {
  it.each(rows)('$fault is refused with $status', async ({ send, status, message }) => {
    const text = await rawRequest(edge.port, Buffer.from(send, 'latin1'));
    const { status: answered, headers, body } = answerOf(text);
    expect([answered, body]).toEqual([status, expect.anything()]);
    expect(JSON.parse(body)).toEqual({
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    expect(edge.logged).toEqual([]);
  });
});
