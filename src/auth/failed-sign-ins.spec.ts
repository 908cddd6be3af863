import { beforeEach, describe, expect, it } from '@jest/globals';
import { FailedSignIns, type SignIn, SignInDelayed } from './failed-sign-ins.js';

const ada: SignIn = { accessKeyId: 'AKIAADA', client: '192.0.2.1' };
let nowMs: number;
let failures: FailedSignIns;
beforeEach(() => {
  nowMs = 1_700_000_000_000;
  failures = new FailedSignIns(() => nowMs);
});

function waitOf(signIn: SignIn): number {
  try {
    failures.check(signIn);
    return 0;
  } catch (error) {
    if (error instanceof SignInDelayed) return error.waitMs;
    throw error;
  }
}
function fail(signIn: SignIn, times: number): void {
  for (let at = 0; at < times; at++) failures.failed(signIn);
}

describe('failed sign-ins', () => {
  it('cost nothing at first, then a wait that doubles up to a minute', () => {
    fail(ada, 5);
    expect(waitOf(ada)).toBe(0);
    const waits = [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => {
      failures.failed(ada);
      return [waitOf(ada), seconds * 1000];
    });
    for (const [wait, expected] of waits) expect(wait).toBe(expected);
    nowMs += 59_999;
    expect(waitOf(ada)).toBe(1);
    nowMs += 1;
    expect(waitOf(ada)).toBe(0);
  });

  it('of one client do not keep the owner of the pair out elsewhere', () => {
    fail(ada, 40);
    expect(waitOf(ada)).toBe(60_000);
    expect(waitOf({ ...ada, client: '192.0.2.2' })).toBe(0);
  });

  it('of many clients on one pair slow everybody, by two seconds at most', () => {
    for (let at = 0; at < 5_000; at++) failures.failed({ ...ada, client: `192.0.${at}.1` });
    expect(waitOf({ ...ada, client: '198.51.100.7' })).toBe(2_000);
  });

  it('of one client on many pairs slow that client, and nobody else', () => {
    for (let at = 0; at < 60; at++) failures.failed({ ...ada, accessKeyId: `AKIA${at}` });
    expect(waitOf({ accessKeyId: 'AKIAFRESH', client: ada.client })).toBe(5_000);
    expect(waitOf({ accessKeyId: 'AKIAFRESH', client: '192.0.2.2' })).toBe(0);
  });

  it('are forgotten when the owner comes in, and after a quarter of an hour', () => {
    fail(ada, 5);
    failures.succeeded(ada);
    fail(ada, 5);
    expect(waitOf(ada)).toBe(0);
    fail(ada, 5);
    nowMs += 15 * 60 * 1000;
    fail(ada, 5);
    expect(waitOf(ada)).toBe(0);
  });

  it('are counted in a bounded memory, whatever is sent', () => {
    for (let at = 0; at < 20_000; at++) {
      failures.failed({ accessKeyId: `${at}`.padEnd(10_000, 'x'), client: `c${at}` });
    }
    expect(waitOf({ accessKeyId: '0', client: 'c0' })).toBe(0);
  });
});
