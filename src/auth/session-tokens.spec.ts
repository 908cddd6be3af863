import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { UserId } from '../domain/model.js';
import { SessionTokens } from './session-tokens.js';

const key = new Uint8Array(32).fill(1);
const ada = 'ada' as UserId;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
let nowMs: number;
let sessions: SessionTokens;
const sessionsOf = (signingKey: Uint8Array) => {
  let ids = 0;
  return new SessionTokens({
    key: signingKey,
    ttlMs: WEEK_MS,
    nowMs: () => nowMs,
    newId: () => `id-${ids++}`,
  });
};
beforeEach(() => {
  nowMs = 1_700_000_000_500;
  sessions = sessionsOf(key);
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const mac = (text: string, hash = 'sha256') =>
  createHmac(hash, key).update(text).digest('base64url');
function signed(header: object, claims: object, hash?: string): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${mac(text, hash)}`;
}
const header = { alg: 'HS256', typ: 'JWT' };
const claims = {
  jti: 'x',
  iss: 'auth',
  sub: 'ada',
  aud: 'login',
  iat: 1_700_000_000,
  exp: 1_700_000_100,
};
const refused = (token: string) =>
  expect(sessions.read(token)).rejects.toThrow('error authenticating request');

describe('a session', () => {
  it('says who, from when and until when, as lakeFS writes it', async () => {
    const { token, expiresAtMs } = await sessions.issue(ada);
    expect(decodeProtectedHeader(token)).toEqual(header);
    expect(decodeJwt(token)).toEqual({
      jti: 'id-0',
      iss: 'auth',
      sub: 'ada',
      aud: 'login',
      iat: 1_700_000_000,
      exp: 1_700_000_000 + WEEK_MS / 1000,
    });
    expect(expiresAtMs).toBe(1_700_000_000_000 + WEEK_MS);
    expect(await sessions.read(token)).toEqual({ user: 'ada', expiresAtMs });
  });

  it('is good until its last second, on every node with the same secret key', async () => {
    const { token, expiresAtMs } = await sessions.issue(ada);
    nowMs = expiresAtMs - 1;
    expect((await sessionsOf(key).read(token)).user).toBe('ada');
    nowMs = expiresAtMs;
    await refused(token);
  });

  it('of another secret key is none', async () => {
    const { token } = await sessionsOf(new Uint8Array(32).fill(2)).issue(ada);
    await refused(token);
  });

  it('is none once any character of it was changed', async () => {
    const { token } = await sessions.issue(ada);
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      // The last character of base64 has bits that mean nothing.
      if (bytesOf(changed).equals(bytesOf(token))) continue;
      await refused(changed);
    }
  });

  it.each([
    ['not signed at all', `${part({ alg: 'none' })}.${part(claims)}.`],
    ['signed by a hash it chose', signed({ alg: 'HS512', typ: 'JWT' }, claims, 'sha512')],
    ['of another issuer', signed(header, { ...claims, iss: 'other' })],
    ['for another audience', signed(header, { ...claims, aud: 'other' })],
    ['of nobody', signed(header, { ...claims, sub: undefined })],
    ['without an end', signed(header, { ...claims, exp: undefined })],
    ['without a beginning', signed(header, { ...claims, iat: undefined })],
    ['that has run out', signed(header, { ...claims, exp: 1_699_999_999 })],
    ['that lives for ever', signed(header, { ...claims, iat: 1_600_000_000, exp: 4_000_000_000 })],
    ['of the future', signed(header, { ...claims, iat: 1_700_009_000, exp: 1_700_009_100 })],
    ['with a header nobody knows', signed({ ...header, crit: ['x'], x: 1 }, claims)],
    ['of nothing', ''],
    ['of three nothings', '..'],
  ])('is refused when it is one %s', async (_, token) => refused(token));

  it('is read when all of that is right', async () =>
    expect((await sessions.read(signed(header, claims))).user).toBe('ada'));
});

const bytesOf = (token: string) =>
  Buffer.concat(token.split('.').map((text) => Buffer.from(text, 'base64url')));
