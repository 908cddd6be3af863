import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../domain/errors.js';
import type { UserId } from '../domain/model.js';
import { KnownCallers } from './known-callers.js';

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const ada = { id: 'ada' as UserId, createdAtMs: 0 };

describe('who sends a header', () => {
  let asked: string[];
  let nowMs: number;
  let callers: KnownCallers;

  beforeEach(() => {
    asked = [];
    nowMs = 0;
    const byKeyPair = async (id: string, secret: string) => {
      asked.push(`${id} ${secret}`);
      if (secret !== 'se:cret') throw new DomainError('authentication_failed');
      return ada;
    };
    callers = new KnownCallers({ byKeyPair }, () => nowMs);
  });

  it('is found out once, and known for 20 seconds', async () => {
    const header = basic('key:se:cret');
    expect(callers.known(header)).toBeUndefined();
    expect(await callers.find(header)).toBe(ada);
    expect(callers.known(header)).toBe(ada);
    nowMs = 20_000;
    expect(callers.known(header)).toBeUndefined();
    expect(asked).toEqual(['key se:cret']);
  });

  it('is asked for once by all who come together', async () => {
    const header = basic('key:se:cret');
    expect(await Promise.all([callers.find(header), callers.find(header)])).toEqual([ada, ada]);
    expect(asked).toHaveLength(1);
  });

  it('is nobody for a wrong secret, each time anew', async () => {
    for (let tries = 0; tries < 2; tries++) {
      await expect(callers.find(basic('key:wrong'))).rejects.toThrow(DomainError);
    }
    expect(asked).toHaveLength(2);
    expect(callers.known(basic('key:wrong'))).toBeUndefined();
  });

  it.each(['', 'Basic', 'Bearer x', 'Basic !', basic('no-colon'), basic(':only'), 'AWS4-HMAC x'])(
    'is nobody for %j',
    async (header) => {
      await expect(callers.find(header)).rejects.toThrow('error authenticating request');
      expect(asked).toEqual([]);
    },
  );

  it('is found under a scheme in any case', async () =>
    expect(await callers.find(basic('key:se:cret').replace('Basic', 'BASIC'))).toBe(ada));

  it('is forgotten when too many are known', async () => {
    const first = basic('key0:se:cret');
    await callers.find(first);
    for (let at = 1; at <= 1000; at++) await callers.find(basic(`key${at}:se:cret`));
    expect(callers.known(first)).toBeUndefined();
  });
});
