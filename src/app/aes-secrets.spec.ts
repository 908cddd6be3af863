import { describe, expect, it } from '@jest/globals';
import { CorruptData } from '../ports/store-errors.js';
import { AesSecrets } from './aes-secrets.js';

const secrets = new AesSecrets('a secret key of some length');

describe('secrets', () => {
  it.each(['', 'plain', 'é\0\u{1f600}', 'x'.repeat(10_000)])('open as they were sealed', (text) => {
    expect(secrets.open(secrets.seal(text, 'c'), 'c')).toBe(text);
    expect(new AesSecrets('a secret key of some length').open(secrets.seal(text, 'c'), 'c')).toBe(
      text,
    );
  });

  it('never look alike when sealed twice', () => {
    expect(secrets.seal('same', 'c')).not.toBe(secrets.seal('same', 'c'));
  });

  it('open for no other context', () => {
    expect(() => secrets.open(secrets.seal('mine', 'credential/a'), 'credential/b')).toThrow(
      CorruptData,
    );
  });

  it('open with no other key, and both keys are told from each other', () => {
    const other = new AesSecrets('another secret key of length');
    expect(() => other.open(secrets.seal('mine', 'c'), 'c')).toThrow(/was sealed with key/);
    expect(other.fingerprint()).not.toBe(secrets.fingerprint());
    expect(secrets.fingerprint()).toMatch(/^[0-9a-f]{16}$/);
  });

  it('do not open once any character was changed', () => {
    const sealed = secrets.seal('mine', 'c');
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      // The last character's low bits may lie past the end of the bytes, and then say nothing.
      if (at === sealed.length - 1) continue;
      expect(() => secrets.open(changed, 'c')).toThrow(CorruptData);
    }
    for (const cut of ['', 'v1', 'v1.', sealed.slice(0, 30), `${sealed.slice(0, -4)}`]) {
      expect(() => secrets.open(cut, 'c')).toThrow(CorruptData);
    }
  });

  it('give each label a key of its own, the same one each time', () => {
    expect(secrets.derive('tokens')).toEqual(secrets.derive('tokens'));
    expect(secrets.derive('tokens')).not.toEqual(secrets.derive('urls'));
    expect(secrets.derive('tokens')).toHaveLength(32);
  });
});
