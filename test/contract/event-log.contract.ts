import { afterAll, beforeAll, describe } from '@jest/globals';
import type { InlineProjection } from '../../src/ports/event-log.js';
import { assert } from '../../src/shared/assert.js';
import { notes } from '../support/new-events.js';
import { closingContract } from './event-log/closing.js';
import { followingContract } from './event-log/following.js';
import { groupsContract } from './event-log/groups.js';
import { judgingContract } from './event-log/judging.js';
import { limitsContract } from './event-log/limits.js';
import { marksContract } from './event-log/marks.js';
import type { OpenedLog } from './event-log/opened-log.js';
import { readingContract } from './event-log/reading.js';
import { repeatsContract } from './event-log/repeats.js';
import { viewsContract } from './event-log/views.js';

/** What every EventLog does. An adapter's own spec calls this and adds only its quirks. */
export function eventLogContract(
  name: string,
  open: (project: InlineProjection) => Promise<OpenedLog>,
): void {
  describe(`${name}, as an EventLog`, () => {
    let opened: OpenedLog | undefined;
    beforeAll(async () => {
      opened = await open(notes);
    }, 60_000);
    afterAll(() => opened?.close());

    // The streams of each test are its own, so that all of them share one log.
    const current = (): OpenedLog => {
      assert(opened, 'the log is open');
      return opened;
    };
    judgingContract(current);
    groupsContract(current);
    marksContract(current);
    repeatsContract(current);
    limitsContract(current);
    readingContract(current);
    followingContract(current);
    viewsContract(current);
    closingContract(() => open(notes));
  });
}
