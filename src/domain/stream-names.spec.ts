import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { isOwnStream } from './stream-names.js';

it("every aggregate's streams are Moraine's own", () => {
  const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' });
  const streams = files.filter((file) => file.endsWith('.stream.ts'));
  expect(streams.length).toBeGreaterThan(10);
  for (const file of streams) {
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    const [, name] = /export const \w+_STREAM(?:_PREFIX)? = '([^']+)'/.exec(source) ?? [];
    expect([file, name !== undefined && isOwnStream(name)]).toEqual([file, true]);
  }
});

it('what only sounds alike is not', () => {
  expect(['orders-1', 'taggings', 'my-branch-1', '$$orders', ''].some(isOwnStream)).toBe(false);
});
