import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../../src/ports/event-log.js';
import { StoreUnavailable } from '../../../src/ports/store-errors.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** The end of a log. Each test ends one of its own. */
export function closingContract(open: () => Promise<OpenedLog>): void {
  describe('a log that is closed', () => {
    it('answers what waits, then takes and gives nothing more', async () => {
      const { log, close } = await open();
      const stream = newStream();
      const append = () => log.append([{ stream, expected: 'any', events: [newEvent()] }], context);
      await append();
      const waiting = Array.from({ length: 10 }, append);
      const closing = log.close();
      const results = await Promise.all(waiting);
      expect(results.map(([result]) => result?.revision)).toEqual(results.map((_, n) => n + 1));
      await closing;
      await expect(append()).rejects.toThrow(StoreUnavailable);
      await expect(log.end(stream)).rejects.toThrow(StoreUnavailable);
      await expect(log.readAll({ after: 0, limit: 1 })).rejects.toThrow(StoreUnavailable);
      await log.close();
      await close();
    });

    it('ends its subscriptions', async () => {
      const { log, close } = await open();
      const stream = newStream();
      await log.append([{ stream, expected: 'none', events: [newEvent()] }], context);
      const seen: RecordedEvent[] = [];
      for await (const event of log.subscribe({ after: 0, signal: new AbortController().signal })) {
        seen.push(event);
        void log.close();
      }
      expect(seen).toMatchObject([{ stream, revision: 0 }]);
      await close();
    });
  });
}
