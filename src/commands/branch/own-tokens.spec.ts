import { describe, expect, it } from '@jest/globals';
import { entry } from '../../../test/support/samples/staging.samples.js';
import type { ObjectPath } from '../../domain/model.js';
import { OwnTokens } from './own-tokens.js';

const entryOf = (checksum: string) => ({ ...entry, checksum });
const staged = (path: string, value: string) =>
  ({ type: 'ObjectStaged', path: path as ObjectPath, entry: entryOf(value) }) as const;

function opened(): OwnTokens {
  const tokens = new OwnTokens(10);
  tokens.opened('t');
  return tokens;
}

describe('what a process knows of a token that it has opened', () => {
  it('is all that it wrote, the newest of each path, in the order of their bytes', () => {
    const tokens = opened();
    tokens.wrote('t', 1, [staged('b', 'v1')]);
    tokens.wrote('t', 3, [staged('a', 'v2'), staged('b', 'v3')]);
    expect(tokens.get('t')).toMatchObject({
      revision: 3,
      changes: [
        { path: 'a', entry: entryOf('v2') },
        { path: 'b', entry: entryOf('v3') },
      ],
    });
  });

  it('is nothing when somebody else has written to it', () => {
    const tokens = opened();
    tokens.wrote('t', 2, [staged('b', 'v1')]);
    expect(tokens.get('t')).toBeUndefined();
  });

  it('is nothing of tokens that others opened, of deletions, and of many writes', () => {
    const tokens = opened();
    tokens.wrote('other', 1, [staged('a', 'v1')]);
    expect(tokens.get('other')).toBeUndefined();
    const path = 'a' as ObjectPath;
    tokens.wrote('t', 1, [{ type: 'ObjectUnstaged', path }]);
    expect(tokens.get('t')).toBeUndefined();
    tokens.opened('t');
    for (let at = 1; at <= 17; at++) tokens.wrote('t', at, [staged('a', 'v1')]);
    expect(tokens.get('t')).toBeUndefined();
  });

  it('is nothing where none is to be remembered', () => {
    const tokens = new OwnTokens(0);
    tokens.opened('t');
    expect(tokens.get('t')).toBeUndefined();
  });
});
