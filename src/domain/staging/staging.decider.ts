import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { StagingCommand } from './staging.commands.js';
import type { StagingEvent } from './staging.events.js';
import type { StagingState } from './staging.state.js';

/**
 * A staging token: opened, written to, closed, dropped.
 *
 * Writers do not fold this stream: they decide on `{ status: 'open' }` and append with `open`, so
 * that the log says whether it was.
 */
export const stagingDecider: Decider<StagingCommand, StagingState, StagingEvent> = {
  initial: { status: 'absent' },

  decide(command, token) {
    switch (command.type) {
      case 'OpenToken':
        return token.status === 'absent' ? [{ type: 'TokenOpened' }] : [];
      case 'StageObject': {
        assert(token.status === 'open', 'a write goes to an open token');
        const { path, entry } = command;
        if (entry.sizeBytes < 0 || !Number.isSafeInteger(entry.sizeBytes)) {
          throw new DomainError('invalid', { field: 'size_bytes', reason: 'not a size' });
        }
        return [{ type: 'ObjectStaged', path, entry }];
      }
      case 'CloneObject': {
        assert(token.status === 'open', 'a write goes to an open token');
        const { path, entry, source } = command;
        return [{ type: 'ObjectCloned', path, entry, source }];
      }
      case 'UnstageObject': {
        assert(token.status === 'open', 'a write goes to an open token');
        const { path, hidesNothing } = command;
        return [{ type: 'ObjectUnstaged', path, ...(hidesNothing && { hidesNothing }) }];
      }
      case 'CloseToken':
        return token.status === 'open' ? [{ type: 'TokenClosed', request: command.request }] : [];
      case 'DropRows':
        assert(token.status === 'closed', 'rows go after the token was closed');
        return token.isDropped ? [] : [{ type: 'StagedRowsDropped', until: command.until }];
      default:
        return unreachable(command);
    }
  },

  evolve(token, event) {
    switch (event.type) {
      case 'TokenOpened':
        assert(token.status === 'absent', 'a token is opened once');
        return { status: 'open' };
      case 'ObjectStaged':
      case 'ObjectCloned':
      case 'ObjectUnstaged':
      case 'RunsDeleted':
      case 'WordsRestored':
        assert(token.status === 'open', 'no write behind the close');
        return token;
      case 'TokenClosed':
        // The first close counts; what stands behind it is void.
        return token.status === 'open' ? { status: 'closed', isDropped: false } : token;
      case 'StagedRowsDropped':
        assert(token.status === 'closed', 'rows go after the token was closed');
        return { status: 'closed', isDropped: event.until === undefined };
      default:
        return unreachable(event);
    }
  },
};
