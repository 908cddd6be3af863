import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { RequestCommand } from './request.commands.js';
import type { RequestEvent } from './request.events.js';
import type { RequestState } from './request.state.js';

/** For so long a key stands for the request that it came with. */
export const REQUEST_KEPT_MS = 24 * 60 * 60 * 1000;

/** What a caller sends under one key: begun, answered, and after a day forgotten. */
export const requestDecider: Decider<RequestCommand, RequestState, RequestEvent> = {
  initial: { status: 'unknown' },

  decide(command, request) {
    switch (command.type) {
      case 'BeginRequest': {
        const { fingerprint, nowMs: begunAtMs } = command;
        const isKept = request.status === 'begun' && !isOver(request, begunAtMs);
        if (!isKept) {
          const formerAtMs = request.status === 'begun' ? request.begunAtMs : null;
          return [{ type: 'RequestBegun', fingerprint, begunAtMs, formerAtMs }];
        }
        if (request.fingerprint !== fingerprint) throw new DomainError('key_taken');
        return [];
      }
      case 'AnswerRequest': {
        if (request.status !== 'begun' || request.begunAt !== command.begunAt) return [];
        // The first answer stands.
        if (request.sealedAnswer !== undefined) return [];
        // Of two attempts at once the other was not refused: nobody may be told that it was.
        if (command.isRefusal && request.effect) return [];
        return [{ type: 'RequestAnswered', sealedAnswer: command.sealedAnswer }];
      }
      case 'ForgetRequest':
        if (request.status !== 'begun' || !isOver(request, command.nowMs)) return [];
        return [{ type: 'RequestForgotten', begunAtMs: request.begunAtMs }];
      default:
        return unreachable(command);
    }
  },

  evolve(request, event) {
    const eventCount = (request.status === 'unknown' ? 0 : request.eventCount) + 1;
    switch (event.type) {
      case 'RequestBegun': {
        const { fingerprint, begunAtMs } = event;
        const begunAt = eventCount - 1;
        const open = { effect: undefined, sealedAnswer: undefined };
        return { status: 'begun', fingerprint, begunAtMs, begunAt, eventCount, ...open };
      }
      case 'RequestTookEffect': {
        assert(request.status === 'begun', 'what takes effect was begun');
        const { stream, eventCount: count } = event;
        const effect = count === 0 ? undefined : { stream, eventCount: count };
        return { ...request, eventCount, effect };
      }
      case 'RequestAnswered':
        assert(request.status === 'begun', 'what is answered was begun');
        assert(request.sealedAnswer === undefined, 'a request has one answer');
        return { ...request, eventCount, sealedAnswer: event.sealedAnswer };
      case 'RequestForgotten':
        assert(request.status === 'begun', 'what is forgotten was begun');
        return { status: 'forgotten', eventCount };
      default:
        return unreachable(event);
    }
  },
};

const isOver = ({ begunAtMs }: { readonly begunAtMs: number }, nowMs: number): boolean =>
  nowMs - begunAtMs >= REQUEST_KEPT_MS;
