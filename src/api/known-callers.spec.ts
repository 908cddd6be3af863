import { beforeEach, describe, expect, it } from '@jest/globals';
import { FailedSignIns } from '../auth/failed-sign-ins.js';
import { DomainError } from '../domain/errors.js';
import type { UserId } from '../domain/model.js';
import { StoreUnavailable } from '../ports/store-errors.js';
import { KnownCallers } from './known-callers.js';

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const ada = { id: 'ada' as UserId, createdAtMs: 0 };

describe('who sends a header', () => {
  let asked: string[];
  let nowMs: number;
  let callers: KnownCallers;
  let failsWith: Error | undefined;
  const find = (header: string, client = '10.0.0.1') => callers.find({ header, client });

  beforeEach(() => {
    asked = [];
    nowMs = 0;
    failsWith = undefined;
    const byKeyPair = async (id: string, secret: string) => {
      asked.push(`${id} ${secret}`);
      if (failsWith !== undefined) throw failsWith;
      if (secret !== 'se:cret') throw new DomainError('authentication_failed');
      return ada;
    };
    const bySession = async (token: string) => {
      asked.push(token);
      if (token !== 'to.k-e.n_') throw new DomainError('authentication_failed');
      return { ...ada, expiresAtMs: 5_000 };
    };
    const clock = () => nowMs;
    callers = new KnownCallers({ byKeyPair, bySession }, new FailedSignIns(clock), clock);
  });

  it('is found out once, and known for 20 seconds', async () => {
    const header = basic('key:se:cret');
    expect(callers.known(header)).toBeUndefined();
    expect(await find(header)).toBe(ada);
    expect(callers.known(header)).toBe(ada);
    nowMs = 20_000;
    expect(callers.known(header)).toBeUndefined();
    expect(asked).toEqual(['key se:cret']);
  });

  it('is told apart on one connection, which may send first this and then that', async () => {
    const [right, wrong, connection] = [basic('key:se:cret'), basic('key:wrong'), {}];
    await find(right);
    for (const header of [right, right, wrong, right]) {
      expect(callers.known(header, connection)).toBe(header === right ? ada : undefined);
    }
    expect(callers.known(right, {})).toBe(ada);
    nowMs = 20_000;
    expect(callers.known(right, connection)).toBeUndefined();
  });

  it('is known by a session no longer than that lasts', async () => {
    expect(await find('Bearer to.k-e.n_')).toEqual(ada);
    nowMs = 4_999;
    expect(callers.known('Bearer to.k-e.n_')).toEqual(ada);
    nowMs = 5_000;
    expect(callers.known('Bearer to.k-e.n_')).toBeUndefined();
    await expect(find('Bearer other')).rejects.toThrow('error authenticating request');
    expect(asked).toEqual(['to.k-e.n_', 'other']);
  });

  it('is asked for once by all who come together', async () => {
    const header = basic('key:se:cret');
    expect(await Promise.all([find(header), find(header)])).toEqual([ada, ada]);
    expect(asked).toHaveLength(1);
  });

  it('is nobody for a wrong secret, each time anew', async () => {
    for (let tries = 0; tries < 2; tries++) {
      await expect(find(basic('key:wrong'))).rejects.toThrow(DomainError);
    }
    expect(asked).toHaveLength(2);
    expect(callers.known(basic('key:wrong'))).toBeUndefined();
  });

  it('is not looked at for a while after wrong secrets, but from elsewhere is', async () => {
    for (let tries = 0; tries < 6; tries++) {
      await expect(find(basic(`key:${tries}`))).rejects.toThrow('error authenticating request');
    }
    await expect(find(basic('key:se:cret'))).rejects.toThrow('try again in 1 seconds');
    expect(asked).toHaveLength(6);
    expect(await find(basic('key:se:cret'), '10.0.0.2')).toBe(ada);
    nowMs = 1_000;
    callers = new KnownCallers(
      { byKeyPair: async () => ada, bySession: async () => ({ ...ada, expiresAtMs: 0 }) },
      new FailedSignIns(() => nowMs),
      () => nowMs,
    );
    expect(await find(basic('key:se:cret'))).toBe(ada);
  });

  it('waits for nobody when the same pair was right before, until it is wrong', async () => {
    const right = basic('key:se:cret');
    await find(right);
    for (let tries = 0; tries < 20; tries++) {
      await expect(find(basic(`key:${tries}`))).rejects.toThrow();
    }
    nowMs += 20_000;
    expect(callers.known(right)).toBeUndefined();
    for (let tries = 0; tries < 9; tries++) {
      await expect(find(basic(`key:late ${tries}`))).rejects.toThrow();
    }
    expect(await find(right)).toBe(ada);
    await expect(find(right.replace('Basic', 'bAsIc'), '10.0.0.9')).resolves.toBe(ada);
  });

  it('is not slowed because the store is away', async () => {
    failsWith = new StoreUnavailable('down');
    for (let tries = 0; tries < 50; tries++) {
      await expect(find(basic('key:se:cret'))).rejects.toThrow(StoreUnavailable);
    }
    failsWith = undefined;
    expect(await find(basic('key:se:cret'))).toBe(ada);
  });

  it.each([
    '',
    'Basic',
    'Bearer',
    'Bearer a b',
    'Basic !',
    basic('no-colon'),
    basic(':only'),
    'AWS4-HMAC x',
  ])('is nobody for %j', async (header) => {
    await expect(find(header)).rejects.toThrow('error authenticating request');
    expect(asked).toEqual([]);
  });

  it('is found under a scheme in any case', async () =>
    expect(await find(basic('key:se:cret').replace('Basic', 'BASIC'))).toBe(ada));

  it('is forgotten when too many are known', async () => {
    const first = basic('key0:se:cret');
    await find(first);
    for (let at = 1; at <= 1000; at++) await find(basic(`key${at}:se:cret`));
    expect(callers.known(first)).toBeUndefined();
  });
});
