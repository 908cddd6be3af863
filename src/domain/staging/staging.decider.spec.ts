import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { intentOf, work } from '../../../test/support/samples/branch.samples.js';
import { uid } from '../../../test/support/samples/repository.samples.js';
import {
  cloned,
  entry,
  path,
  staged,
  token,
  unstaged,
} from '../../../test/support/samples/staging.samples.js';
import { InvariantError } from '../../shared/assert.js';
import { stagingDecider } from './staging.decider.js';
import type { StagingCommand } from './staging.commands.js';
import { placeOfToken, stagingStream, stagingToken, tokenOfStream } from './staging.stream.js';

const given = specFor(stagingDecider);
const opened = { type: 'TokenOpened' } as const;
const closed = { type: 'TokenClosed', request: undefined } as const;
const droppedUntil = (until?: string) =>
  ({ type: 'StagedRowsDropped', until: until === undefined ? undefined : path(until) }) as const;
const stage: StagingCommand = { type: 'StageObject', path: path('a'), entry };

describe('a staging token', () => {
  it('is opened once, however often that is asked', () => {
    given().when({ type: 'OpenToken' }).then(opened);
    given().when({ type: 'OpenToken' }).thenAgain();
    given(opened, closed).when({ type: 'OpenToken' }).then();
  });

  it('takes writes while it is open; the same one twice is two, until the log knows its id', () => {
    given(opened).when(stage).then(staged('a'));
    given(opened).when(stage).thenAgain(staged('a'));
    given(opened)
      .when({ type: 'UnstageObject', path: path('a') })
      .then(unstaged('a'));
  });

  it('takes the bytes of one path under another, and says of which', () => {
    const clone = { type: 'CloneObject', path: path('b'), entry, source: path('a') } as const;
    given(opened).when(clone).then(cloned('b', 'a'));
    given(opened, closed).when(clone).isABug();
  });

  it('takes none before and behind: the log refuses them, so a decider never sees one', () => {
    given().when(stage).isABug();
    given(opened, closed).when(stage).isABug();
    given(opened, closed)
      .when({ type: 'UnstageObject', path: path('a') })
      .isABug();
  });

  it('refuses a size that is none', () => {
    for (const sizeBytes of [-1, 0.5, 2 ** 53, Number.NaN]) {
      given(opened)
        .when({ ...stage, entry: { ...entry, sizeBytes } })
        .refused('invalid');
    }
  });

  it('is closed once, with the request for which it is', () => {
    const request = intentOf('i');
    given(opened)
      .when({ type: 'CloseToken', request })
      .then({ ...closed, request });
    given(opened).when({ type: 'CloseToken', request }).thenAgain();
    given().when({ type: 'CloseToken', request }).then();
  });

  it('loses its rows after it was closed, in slices, and the last slice once', () => {
    given(opened, closed)
      .when({ type: 'DropRows', until: path('m') })
      .then(droppedUntil('m'));
    given(opened, closed, droppedUntil('m'))
      .when({ type: 'DropRows', until: undefined })
      .then(droppedUntil());
    given(opened, closed).when({ type: 'DropRows', until: undefined }).thenAgain();
    given(opened).when({ type: 'DropRows', until: undefined }).isABug();
  });
});

describe("a token's fold", () => {
  it('I2: holds no write that is not in an open token', () => {
    given(staged('a')).cannotBe('behind the close');
    given(opened, closed, staged('a')).cannotBe('behind the close');
    given(opened, closed, unstaged('a')).cannotBe('behind the close');
    given(opened, opened).cannotBe('opened once');
    given(opened, droppedUntil()).cannotBe('after the token was closed');
  });

  it('counts the first close, and nothing behind it', () =>
    given(opened, closed, { ...closed, request: intentOf('late') }).is({
      status: 'closed',
      isDropped: false,
    }));
});

describe("a token's name", () => {
  it('is computed, and is read back', () => {
    const place = { uid, branch: work, life: 12, ordinal: 3 };
    expect(placeOfToken(stagingToken(place))).toEqual(place);
    expect(tokenOfStream(stagingStream(token))).toBe(token);
  });

  it('is not read out of anything else', () => {
    expect(() => tokenOfStream('branch-x')).toThrow(InvariantError);
    expect(() => placeOfToken('no-token' as typeof token)).toThrow(InvariantError);
  });
});
