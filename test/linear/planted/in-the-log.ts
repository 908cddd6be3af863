import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { newEvent } from '../../../src/commands/new-events.js';
import type { EventId } from '../../../src/domain/model.js';
import type { StreamAppend } from '../../../src/ports/event-log.js';
import { appending, isStaging, over, pretended, typesIn, type Defect } from './defect.js';

/** Events that get in before one. */
const LATER = 20;
const RESULTS = new Set(['Committed', 'Merged', 'StagingDiscarded', 'IntentFailed']);
const isResult = (appends: readonly StreamAppend[]): boolean =>
  typesIn(appends).some((type) => RESULTS.has(type));
const isControl = ({ stream }: StreamAppend): boolean => stream.startsWith('branch-');
const anew = (append: StreamAppend): StreamAppend => ({
  ...append,
  expected: 'any',
  events: append.events.map((event) => ({ ...event, id: randomUUID() as string as EventId })),
});

/** What a log may do wrong, or who uses it. */
export const IN_THE_LOG: readonly Defect[] = [
  {
    name: 'the expected revision is skipped',
    plant: (adapters, hand) =>
      appending(adapters, (appends, context, append) => {
        const isAny = appends.some(isControl) && hand.strikes(1);
        const any = (one: StreamAppend): StreamAppend =>
          typeof one.expected === 'number' ? { ...one, expected: 'any' } : one;
        return append(isAny ? appends.map(any) : appends, context);
      }),
  },
  {
    name: 'a write is acknowledged before it is appended',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        if (!isStaging(appends) || !hand.strikes(8)) return append(appends, context);
        // Nobody hears what becomes of it.
        void delay(3).then(() => append(appends, context).catch(() => undefined));
        return pretended(appends);
      }),
  },
  {
    name: 'an intent is completed twice',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        const results = await append(appends, context);
        if (isResult(appends) && hand.strikes(10)) await append(appends.map(anew), context);
        return results;
      }),
  },
  {
    name: 'the next token is opened before the old one is closed',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        const closes = (one: StreamAppend) => typesIn([one]).includes('TokenClosed');
        const isSeal = typesIn(appends).includes('IntentRequested') && appends.some(closes);
        if (!isSeal || !hand.strikes(4)) return append(appends, context);
        const results = await append(
          appends.filter((one) => !closes(one)),
          context,
        );
        await delay(2);
        const late = appends.filter(closes).map((one) => ({ ...one, expected: 'any' as const }));
        return [...(await append(late, context)), ...results];
      }),
  },
  {
    name: 'staged rows are dropped before they are in a commit',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        const results = await append(appends, context);
        const sealed = appends.find((one) => typesIn([one]).includes('TokenClosed'));
        if (sealed && hand.strikes(30)) {
          const dropped = { type: 'StagedRowsDropped', until: undefined } as const;
          const events = [newEvent(dropped, randomUUID(), 0)];
          await append([{ stream: sealed.stream, expected: 'any', events }], context);
        }
        return results;
      }),
  },
  {
    name: 'an append whose answer was lost is sent again as another one',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        const results = await append(appends, context);
        if (!isStaging(appends) || !hand.strikes(20)) return results;
        const open = appends.map((one) => ({ ...anew(one), expected: 'open' as const }));
        return append(open, context).catch(() => results);
      }),
  },
  {
    name: 'the last write before a crash is gone',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) =>
        isStaging(appends) && hand.strikes(100) ? pretended(appends) : append(appends, context),
      ),
  },
  {
    name: 'the guard of a conditional write is passed over',
    plant: (adapters, hand) =>
      appending(adapters, async (appends, context, append) => {
        const isGuarded = appends.some(({ guard }) => guard !== undefined);
        if (!isGuarded || !hand.strikes(1)) return append(appends, context);
        await delay(6);
        return append(
          appends.map(({ guard: _guard, ...one }) => one),
          context,
        );
      }),
  },
  {
    name: 'a position is dealt before its turn',
    plant: (adapters, hand) => {
      const { log } = adapters;
      return {
        ...adapters,
        log: over(log, {
          readAll: async (options) => {
            const events = [...(await log.readAll(options))];
            for (const [index, event] of events.entries()) {
              const later = events[index + LATER];
              if (later === undefined || event.type !== 'ObjectStaged' || !hand.strikes(40))
                continue;
              events.splice(index, 1);
              events.splice(index + LATER, 0, { ...event, position: later.position + 0.5 });
            }
            return events;
          },
        }),
      };
    },
  },
  {
    name: 'a reader of the log passes a position that comes later',
    plant: (adapters, hand) => {
      const { log } = adapters;
      const isKept = (type: string) => type !== 'ObjectStaged' || !hand.strikes(100);
      return {
        ...adapters,
        log: over(log, {
          readAll: async (options) =>
            (await log.readAll(options)).filter(({ type }) => isKept(type)),
        }),
      };
    },
  },
];
