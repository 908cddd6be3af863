import { describe, expect, it } from '@jest/globals';
import type { AppendMark, Expected, NewEvent } from '../../../src/ports/event-log.js';
import { InvariantError } from '../../../src/shared/assert.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** Appends that are sent before the one that they were decided on is answered. */
export function marksContract(opened: () => OpenedLog): void {
  interface Sent {
    readonly expected: Expected;
    readonly mark?: AppendMark;
    readonly behind?: AppendMark;
    readonly event?: NewEvent;
  }
  const send = (stream: string, { event = newEvent(), ...sent }: Sent) =>
    opened().log.append([{ stream, events: [event], ...sent }], context);
  const unmarked = (): AppendMark => ({ isAccepted: false });
  const isOther = { reason: 'revision' };

  describe('an append behind one that is not answered', () => {
    it('is in with it, and only where groups are whole', async () => {
      const [stream, first, second] = [newStream(), unmarked(), unmarked()];
      const sent = [
        send(stream, { expected: 'none', mark: first }),
        send(stream, { expected: 0, mark: second, behind: first }),
        send(stream, { expected: 1, behind: second }),
      ];
      if (opened().log.groups === 'stepwise') {
        await expect(sent[1]).rejects.toThrow(InvariantError);
        await expect(sent[2]).rejects.toThrow(InvariantError);
        return;
      }
      await Promise.all(sent);
      expect((await opened().log.end(stream)).revision).toBe(2);
      expect([first, second]).toEqual([{ isAccepted: true }, { isAccepted: true }]);
    });

    it('is refused with it, though the revision is the one that it expects', async () => {
      if (opened().log.groups === 'stepwise') return;
      const [stream, first, second] = [newStream(), unmarked(), unmarked()];
      await send(stream, { expected: 'none' });
      const [other, lost, behind, last] = [
        send(stream, { expected: 0 }),
        send(stream, { expected: 0, mark: first }),
        send(stream, { expected: 1, mark: second, behind: first }),
        send(stream, { expected: 1, behind: second }),
      ];
      await other;
      await expect(lost).rejects.toMatchObject(isOther);
      await expect(behind).rejects.toMatchObject(isOther);
      await expect(last).rejects.toMatchObject(isOther);
      const late = send(stream, { expected: 1, behind: first });
      await expect(late).rejects.toMatchObject(isOther);
      expect((await opened().log.end(stream)).revision).toBe(1);
    });

    it('is refused when that one is known: it may stand elsewhere', async () => {
      if (opened().log.groups === 'stepwise') return;
      const [stream, mark, event] = [newStream(), unmarked(), newEvent()];
      await send(stream, { expected: 'none', event });
      const [again, behind] = [
        send(stream, { expected: 'none', event, mark }),
        send(stream, { expected: 0, behind: mark }),
      ];
      expect(await again).toMatchObject([{ revision: 0, isRepeated: true }]);
      await expect(behind).rejects.toMatchObject(isOther);
    });

    it('is known itself, before it is asked what it stands behind', async () => {
      if (opened().log.groups === 'stepwise') return;
      const [stream, event] = [newStream(), newEvent()];
      await send(stream, { expected: 'none', event });
      const again = send(stream, { expected: 'none', event, behind: unmarked() });
      expect(await again).toMatchObject([{ revision: 0, isRepeated: true }]);
    });
  });
}
